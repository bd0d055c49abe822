"""What the shards hold: what the log says, and the same on all replicas."""

from dataclasses import dataclass

from freshet.doctor.finding import Finding, ok, problem
from freshet.doctor.place import Place
from freshet.http_page import NOBODY, Page, look
from freshet.status.replicas import WHAT_TO_DO, alone, damaged, differing

NAME = "replicas"


@dataclass(frozen=True)
class ReplicaFacts:
    status: Page = NOBODY
    """`/v1/status` of the HTTP tier."""
    option: str = ""


def examine(place: Place) -> list[Finding]:
    return judge(gather(place))


def gather(place: Place) -> ReplicaFacts:
    page = look(place.url, "/v1/status", place.settings.admin_key) if place.url else NOBODY
    return ReplicaFacts(page, place.option)


def judge(facts: ReplicaFacts) -> list[Finding]:
    if facts.status.status != 200:
        return [ok(NAME, "not known: the HTTP tier does not say")]
    status = facts.status.body
    wrong = [*damaged(status, facts.option), *alone(status, facts.option), *differing(status)]
    shards = len({replica["state"]["partition"] for replica in facts.status.body.get("replicas", [])})
    return [problem(NAME, line, WHAT_TO_DO) for line in wrong] or [ok(NAME, f"those of {shards} shards hold the same")]
