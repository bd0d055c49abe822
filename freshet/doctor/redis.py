"""Redis: the server of the wheel runs, or the one that FRESHET_REDIS_URL names answers."""

import subprocess
from dataclasses import dataclass

from freshet.doctor.finding import Finding, ok, problem
from freshet.doctor.place import Place
from freshet.remedies import INSTALL_AGAIN
from freshet.runtime import redis_server
from freshet.status.look import redis_answers
from schemas.errors import SettingsError
from schemas.secrets import shown

NAME = "redis"
TIMEOUT_S = 10.0


@dataclass(frozen=True)
class RedisFacts:
    own: bool
    said: str = ""
    """What `redis-server --version` answered."""
    error: str = ""
    url: str = ""
    answers: bool | None = None
    """Whether the named Redis answers; None: only a client with its password could tell."""


def examine(place: Place) -> list[Finding]:
    return judge(gather(place))


def gather(place: Place) -> RedisFacts:
    if not place.own_redis:
        url = place.settings.redis_url
        return RedisFacts(own=False, url=shown(url), answers=redis_answers(url))
    try:
        run = subprocess.run(
            [str(redis_server.binary()), "--version"], capture_output=True, text=True, timeout=TIMEOUT_S, check=True
        )
    except SettingsError as error:
        return RedisFacts(own=True, error=error.message)
    except (OSError, subprocess.SubprocessError) as error:
        return RedisFacts(own=True, error=str(error))
    return RedisFacts(own=True, said=run.stdout.strip())


def judge(facts: RedisFacts) -> list[Finding]:
    if facts.own:
        if facts.error:
            return [problem(NAME, f"redis-server does not run: {facts.error}", INSTALL_AGAIN)]
        return [ok(NAME, " ".join(facts.said.split(" ")[:3]))]
    if facts.answers is False:
        remedy = "start it, or unset FRESHET_REDIS_URL: then freshet up runs its own"
        return [problem(NAME, f"no Redis answers at {facts.url}", remedy)]
    return [ok(NAME, f"{facts.url} {'answers' if facts.answers else 'is asked by the processes only'}")]
