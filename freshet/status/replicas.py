"""What `/v1/status` says of the shards: damage, replicas that differ, snapshots that are not stored. Pure, in words."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from freshet.remedies import rebuild_shard, shard_name

WHAT_TO_DO = "see docs/runbook.md, A shard does not hold what the log says"
STORE_FAILS = "see docs/runbook.md, Snapshots do not reach the store"


def differing(status: Mapping[str, Any]) -> list[str]:
    """One line for each digest of a shard in which its replicas differ; none from an older tier."""
    return [
        f"replicas of shard {one['partition']} differ in {one['digest']} at offset {one['offset']:,}: "
        + ", ".join(f"{_numbers(who)} {'has' if len(who) == 1 else 'have'} {what[:8]}" for what, who in _sides(one))
        + _bucket(one)
        for one in status.get("differing", [])
    ]


def damaged(status: Mapping[str, Any], option: str = "") -> list[str]:
    """One line for each replica whose last scrub found that it has changed by itself.

    `option`: --data as it must be typed behind a command, or nothing.
    """
    return [
        f"a scrub of shard {replica['state']['partition']}, replica {replica['state']['replica']}, found its "
        f"{' and '.join(scrub['differing'])} changed in memory or on disk"
        f"{_outcome(status, replica['state']['partition'], replica['state']['replica'], option)}"
        for replica in status.get("replicas", [])
        if (scrub := replica.get("scrub")) and scrub["differing"]
    ]


def alone(status: Mapping[str, Any], option: str = "") -> list[str]:
    """One line for each replica that most others contradict, though its scrub found no damage."""
    return [
        f"replica {one['replica']} of shard {one['partition']} stands alone with its {' and '.join(one['digests'])}"
        f"{_outcome(status, one['partition'], one['replica'], option)}"
        for one in status.get("faulty", [])
        if one["why"] == "alone"
    ]


def _outcome(status: Mapping[str, Any], partition: int, replica: int, option: str) -> str:
    """Where it differs, whether it still answers, and the command that mends it; nothing from an older tier."""
    for one in status.get("faulty", []):
        if (one["partition"], one["replica"]) == (partition, replica):
            answers = "it answers nothing" if one["out"] else "it still answers: no sound replica is there"
            command = rebuild_shard(partition, option, replica, running=True)
            return f"{_bucket(one)}; {answers}; build it anew: {command}"
    return ""


def _bucket(one: Mapping[str, Any]) -> str:
    return f", first in bucket {one['bucket']} of 256" if one.get("bucket") is not None else ""


def unstored(status: Mapping[str, Any]) -> list[str]:
    """One line for each replica whose newest snapshot does not reach the snapshot store."""
    return [
        f"snapshots of {shard_name(replica['state']['partition'], replica['state']['replica'])} do not reach their "
        f"store since {datetime.fromtimestamp(stored['failing_since_ms'] // 1000, UTC):%Y-%m-%d %H:%M:%S}: "
        f"{stored['failing']}"
        for replica in status.get("replicas", [])
        if (stored := replica.get("in_store")) and stored["failing"]
    ]


def _sides(one: Mapping[str, Any]) -> list[tuple[str, list[int]]]:
    """Most replicas first: with three or more the odd one stands last."""
    return sorted(one["replicas"].items(), key=lambda side: (-len(side[1]), side[1]))


def _numbers(replicas: list[int]) -> str:
    *most, last = map(str, replicas)
    return f"{', '.join(most)} and {last}" if most else last
