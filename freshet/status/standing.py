"""How each replica of each shard stands, from what `/v1/status` says. Pure."""

from collections.abc import Mapping
from typing import Any

from freshet.http_page import Page
from freshet.status.report import ReplicaStatus, Standing


def standings(page: Page, now_ms: int) -> list[ReplicaStatus]:
    """By shard and number, those that are away at the end of each shard."""
    if page.status != 200:
        return []
    replicas = page.body.get("replicas", [])
    front = {partition(one): max(applied(o) for o in replicas if partition(o) == partition(one)) for one in replicas}
    found = [_here(one, front[partition(one)], page.body, now_ms) for one in replicas]
    found += [_away(place) for place in page.body.get("unreachable", [])]
    return sorted(found, key=lambda one: (one.partition, one.standing == "away", one.replica or 0))


def partition(replica: Mapping[str, Any]) -> int:
    return int(replica["state"]["partition"])


def applied(replica: Mapping[str, Any]) -> int:
    """Records of both topics."""
    return int(replica["state"]["documents_offset"]) + int(replica["state"]["offers_offset"])


def _here(one: Mapping[str, Any], front: int, body: Mapping[str, Any], now_ms: int) -> ReplicaStatus:
    return ReplicaStatus(
        partition=partition(one),
        replica=one["state"]["replica"],
        address=one["address"],
        standing=_standing(one, body),
        documents_offset=one["state"]["documents_offset"],
        offers_offset=one["state"]["offers_offset"],
        behind=front - applied(one),
        products=one["visible"],
        scrub_age_s=max(0.0, (now_ms - one["scrub"]["ended_ms"]) / 1000) if one.get("scrub") else None,
    )


def _standing(one: Mapping[str, Any], body: Mapping[str, Any]) -> Standing:
    number = one["state"]["replica"]
    mine = (partition(one), number)
    if any((bad["partition"], bad["replica"]) == mine and bad["out"] for bad in body.get("faulty", [])):
        return "taken out"
    if not one["ready"]:
        return "catching up"
    differs = any(
        found["partition"] == mine[0] and any(number in group for group in found["replicas"].values())
        for found in body.get("differing", [])
    )
    return "differs" if differs else "answers"


def _away(place: str) -> ReplicaStatus:
    """Of `partition/number address`, or `partition/? address`."""
    where, _, address = place.partition(" ")
    shard, _, number = where.partition("/")
    return ReplicaStatus(
        partition=int(shard),
        replica=int(number) if number.isdecimal() else None,
        address=address,
        standing="away",
        documents_offset=None,
        offers_offset=None,
        behind=None,
        products=None,
        scrub_age_s=None,
    )
