"""What `freshet replay request` and `slice` do: find answers in the served log, make them again, compare."""

import resource
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import orjson

from bench.latency import percentile
from freshet.exit_codes import FAILED, MISMATCH, OK
from freshet.printing import print_json, print_lines
from freshet.replay_options import instead_of, span_of
from freshet.replay_room import room
from replay.answers.differences import Difference
from replay.answers.moves import SliceMoves
from replay.answers.moves import lines as move_lines
from replay.answers.moves_page import page
from replay.answers.records import find, within
from replay.answers.replaying import Replayed, Verdict, counted, replay
from replay.answers.slices import slice_of, unpacked
from schemas.served import Served

EXITS: dict[Verdict, int] = {"equal": OK, "different": MISMATCH, "not replayable": FAILED}
VALUE_CHARS_MAX = 200
"""Of a value that differs, on a terminal; JSON has it whole."""
EXAMPLES_MAX = 10


def replay_request(
    request_id: str, changed: Sequence[str], sku: str | None, url: str, data: Path | None, as_json: bool
) -> int:
    """Raises InvalidRequest where there is no such answer."""
    instead = instead_of(changed)
    with room(url, data) as here:
        record = find(here.log, here.topics, request_id)
        (made,) = replay([record], here.rebuilding, instead, sku)
        if as_json:
            print_json(made.facts)
        else:
            print_lines(lines(made))
    return EXITS[made.verdict]


def replay_slice(
    begin: str,
    end: str,
    sample: int,
    changed: Sequence[str],
    html: Path | None,
    url: str,
    data: Path | None,
    as_json: bool,
) -> int:
    """`html`: what moves is also written there, as a page. Raises OSError where it cannot be."""
    span, instead = span_of(begin, end), instead_of(changed)
    with room(url, data) as here:
        found, moved = slice_of(within(here.log, here.topics, span), sample), SliceMoves()
        began_s = time.monotonic()
        made = list(counting(replay(taken(found.drawn), here.rebuilding, instead), moved))
        took_s = time.monotonic() - began_s
    facts = {
        **counted(made),
        "answers": len(made),
        "replayable": found.replayable,
        "others": dict(found.others.most_common()),
        "took_s": round(took_s, 2),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6),
        **times(made),
    }
    if html is not None:
        html.write_text(slice_page(moved, changed, facts), encoding="utf-8")
    if as_json:
        different = [one.facts for one in made if one.verdict == "different"]
        print_json({**facts, "moves": moved.facts, "different_answers": different})
    else:
        print_lines([*slice_lines(facts, made), *(move_lines(moved, EXAMPLES_MAX) if moved.changed else ())])
    return MISMATCH if facts["different"] else OK


def slice_page(moved: SliceMoves, changed: Sequence[str], facts: dict[str, Any]) -> str:
    """With other settings no answer is made from the same, so it says those; else what is equal."""
    if changed:
        return page(moved, f"What changes with {', '.join(changed)}", ())
    return page(moved, "Answers made again", [*slice_lines(facts, ())])


def counting(made: Iterable[Replayed], moved: SliceMoves) -> Iterator[Replayed]:
    """Without what only their moves need, whole hits and all that a record holds, and with the first difference alone:
    `freshet replay request` tells the others."""
    for one in made:
        moved.add(one)
        record = one.record.model_copy(update={"inputs": None})
        yield one._replace(made=None, record=record, differences=one.differences[:1])


def taken(drawn: list[bytes]) -> Iterator[Served]:
    """Each once; the list is empty afterwards."""
    while drawn:
        yield unpacked(drawn.pop())


def times(made: Sequence[Replayed]) -> dict[str, float]:
    """Of answers that were made again, without the time that the shards took."""
    took = [one.took_ms for one in made if one.verdict != "not replayable"]
    shares = (("p50_ms", 0.50), ("p95_ms", 0.95)) if took else ()
    return {name: round(percentile(took, share), 2) for name, share in shares}


def lines(made: Replayed) -> Iterator[str]:
    record = made.record
    yield f"{record.request_id}: {record.text!r}, {len(record.skus)} hits: {made.verdict}"
    if made.why:
        yield f"why: {made.why}"
    yield from (f"rebuilt {one}" for one in made.rebuilt)
    for place, one in enumerate(made.differences):
        yield from difference_lines(one, "the first that differs" if place == 0 else "then")
    if made.made is not None and made.made.sku is not None:
        told = made.made.sku
        yield f"{told['sku']}: {told['stage']}: {told['says']}"


def difference_lines(one: Difference, which: str) -> Iterator[str]:
    yield f"{which}: {one.at}"
    yield f"  then {_short(one.then)}"
    yield f"  now  {_short(one.now)}"


def slice_lines(facts: dict[str, Any], made: Sequence[Replayed]) -> Iterator[str]:
    yield (
        f"{facts['answers']:,} answers in {facts['took_s']} s and {facts['peak_mb']:,} MB: {facts['equal']:,} equal, "
        + (f"{facts['different']:,} different, {facts['not replayable']:,} not replayable")
    )
    if facts["replayable"] > facts["answers"]:
        yield f"drawn from {facts['replayable']:,} that can be made again"
    yield from (f"{count:>8,} left out: {why}" for why, count in facts["others"].items())
    if "p50_ms" in facts:
        yield f"to make one again: p50 {facts['p50_ms']} ms, p95 {facts['p95_ms']} ms"
    yield from (f"{count:>8,} {reason}" for reason, count in facts["reasons"].items())
    for one in [one for one in made if one.verdict == "different"][:EXAMPLES_MAX]:
        yield f"{one.record.request_id}: {one.record.text!r}"
        yield from difference_lines(one.differences[0], "the first that differs")


def _short(value: Any) -> str:
    text = orjson.dumps(value).decode()
    return text if len(text) <= VALUE_CHARS_MAX else f"{text[:VALUE_CHARS_MAX]}... ({len(text):,} characters)"
