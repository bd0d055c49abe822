"""What the commands of `freshet replay` say of a shard on a terminal."""

from typing import Any

from freshet.run_replay_diff_shard import lines as diff_lines
from freshet.run_replay_shard import lines
from replay.shards.comparing import Change, counted

AT = {"documents_offset": 1_000, "offers_offset": 7, "visible": 2, "rows": 3, "held_offers": 1, "partition": 0}
DIGESTS = {f"digest_{name}": name[:1] * 4 for name in ("documents", "offers", "structure")}


def hit(sku: str, **more: Any) -> dict[str, Any]:
    return {"sku": sku, "content": {"title": f"Lamp {sku}"}, "in_stock": False, **more}


def test_hits_of_a_shard_are_told_with_and_without_a_query() -> None:
    facts: dict[str, Any] = {**AT, **DIGESTS, "from": "the log", "lineage": "first"}
    facts |= {"hits": [hit("a", relevance=0.5), hit("b")], "sku": {"sku": "a", "shown": hit("a")}}
    assert [*lines(facts)] == [
        "partition 0 at documents 1,000, offers 7: 2 products shown, 3 rows, 1 held offers",
        "rebuilt from the log, lineage first",
        "documents  dddd",
        "offers     oooo",
        "structure  ssss",
        "a: Lamp a, no price, out of stock",
        "  1 0.5000 a  Lamp a",
        "  2 b  Lamp b",
    ]


def test_changes_of_a_shard_are_counted_and_the_first_ones_told() -> None:
    found = [Change("a", "changed", {"in_stock": (True, False)}), Change("b", "gone", {})]
    moments = {
        "then": {"documents": 1_000, "offers": 7, "visible": 9},
        "now": {"documents": 2, "offers": 8, "visible": 8},
    }
    told = [*diff_lines({**moments, "touched": 3, **counted(found)}, found, 1)]
    assert told[0] == "then  documents 1,000, offers 7: 9 products shown"
    assert told[2:] == [
        "3 products touched: 0 appeared, 1 gone, 1 changed",
        "       1 in_stock",
        "a: changed",
        "  in_stock: true -> false",
        "and 1 more (--limit, --json)",
    ]
