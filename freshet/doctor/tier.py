"""The HTTP tier at an address: it answers, is ready, and is of the version installed here."""

from dataclasses import dataclass, field
from importlib.metadata import version

from freshet.doctor.finding import Finding, ok, problem, warning
from freshet.doctor.place import Place
from freshet.http_page import NOBODY, Page, look

NAME = "http tier"


@dataclass(frozen=True)
class TierFacts:
    url: str
    local: bool
    health: Page = NOBODY
    ready: Page = NOBODY
    installed: str = field(default_factory=lambda: version("freshet"))
    option: str = ""


def examine(place: Place) -> list[Finding]:
    return judge(gather(place))


def gather(place: Place) -> TierFacts:
    if not place.url:
        return TierFacts("", place.local)
    health, ready = look(place.url, "/healthz"), look(place.url, "/readyz")
    return TierFacts(place.url, place.local, health, ready, option=place.option)


def judge(facts: TierFacts) -> list[Finding]:
    if not facts.url:
        return [ok(NAME, "nothing runs here; --url names another")]
    if facts.health.body.get("process") != "serving":
        says = f"it answers {facts.health.status}, not as Freshet does" if facts.health.status else "nothing answers"
        remedy = (
            f"freshet logs serving{facts.option}"
            if facts.local
            else "is the address right, and may this machine reach it?"
        )
        return [problem(NAME, f"{facts.url}: {says}", remedy)]
    waiting = facts.ready.body.get("waiting_for") or []
    if waiting:
        says = f"{facts.url} is not ready: it waits for {', '.join(map(str, waiting))}"
        return [problem(NAME, says, "freshet status" + (facts.option if facts.local else f" --url {facts.url}"))]
    its_own = str(facts.health.body.get("version"))
    if its_own != facts.installed:
        says = f"{facts.url} runs Freshet {its_own}, {facts.installed} is installed here"
        return [warning(NAME, says, "use the command of the same version, or upgrade and restart that stack")]
    if facts.ready.body.get("kafka") is False:
        says = f"{facts.url} does not reach Kafka: it answers searches and takes no changes"
        remedy = f"freshet logs kafka{facts.option}" if facts.local else "freshet doctor on its machine"
        return [problem(NAME, says, remedy)]
    return [ok(NAME, f"{facts.url} is ready")]
