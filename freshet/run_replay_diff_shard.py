"""What `freshet replay diff-shard` does: one shard at two moments, and what changed between them."""

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import orjson

from freshet.exit_codes import OK
from freshet.printing import print_json, print_lines
from freshet.replay_room import room
from freshet.run_replay_shard import check_partition, offsets_of, opened
from index_snapshots.protocol import Offsets
from replay.shards.comparing import Change, changes, counted, touched
from schemas.errors import InvalidRequest
from schemas.settings import ShardSettings, read


def replay_diff_shard(
    moments: Sequence[str], partition: int, limit: int, url: str, data: Path | None, as_json: bool
) -> int:
    """Raises InvalidRequest for other than two moments, the earlier first, StateRefused for one that is too old."""
    if len(moments) != 2:
        raise InvalidRequest("two_moments", f"--at is needed twice, not {len(moments)} times: then and now")
    settings = read(ShardSettings, os.environ)
    with room(url, data) as here, ExitStack() as closing:
        check_partition(here, partition)
        begin, end = (offsets_of(here, partition, at) for at in moments)
        if begin.documents > end.documents or begin.offers > end.offers:
            raise InvalidRequest(
                "two_moments",
                f"--at {moments[0]} ({said(begin)}) is not before --at {moments[1]} ({said(end)})",
                hint="the earlier first, in both topics",
            )
        rebuilt = opened(here, partition, begin, settings, closing)
        rebuilt.extend(end)
        before, after = rebuilt.advance(begin), rebuilt.advance(end)
        skus = touched(here.log, here.rebuilding.place.names, partition, begin, end)
        found = list(changes(before, after, skus))
        facts: dict[str, Any] = {
            "partition": partition,
            "from": rebuilt.where,
            "lineage": rebuilt.lineage,
            "then": {**begin._asdict(), "visible": before.counts.visible},
            "now": {**end._asdict(), "visible": after.counts.visible},
            "touched": len(skus),
            **counted(found),
        }
    if as_json:
        print_json({**facts, "changes": [one.facts for one in found]})
    else:
        print_lines(lines(facts, found, limit))
    return OK


def lines(facts: dict[str, Any], found: Sequence[Change], limit: int) -> Iterator[str]:
    for name in ("then", "now"):
        at = facts[name]
        yield f"{name:5} {said(Offsets(at['documents'], at['offers']))}: {at['visible']:,} products shown"
    products = facts["products"]
    yield f"{facts['touched']:,} products touched: " + ", ".join(
        f"{count:,} {kind}" for kind, count in products.items()
    )
    yield from (f"{count:>8,} {name}" for name, count in facts["fields"].items())
    for one in found[:limit]:
        yield f"{one.sku}: {one.kind}"
        yield from (f"  {name}: {_json(then)} -> {_json(now)}" for name, (then, now) in one.fields.items())
    if len(found) > limit:
        yield f"and {len(found) - limit:,} more (--limit, --json)"


def said(offsets: Offsets) -> str:
    return f"documents {offsets.documents:,}, offers {offsets.offers:,}"


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()
