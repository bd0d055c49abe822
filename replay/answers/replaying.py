"""Replays answers: rebuilds the shards that they saw, makes them again, and says whether they are the same."""

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import Any, Literal, NamedTuple

from agents.asked import Pinned, PinnedView
from index_snapshots.other_ef import with_ef
from index_snapshots.protocol import Offsets
from replay.answers.differences import Difference, changed_inputs, changed_stages, changed_states
from replay.answers.made_again import MadeAgain, made_again
from replay.answers.other_states import OtherStates, offsets_seen
from replay.answers.recalled import States
from replay.answers.slices import packed, unpacked, why_not
from replay.answers.what_if import AS_IT_WAS, WhatIf
from replay.shards.rebuilding import Rebuilding, Shard, Ways
from replay.shards.stops import Stop
from schemas.errors import FreshetError, StateRefused
from schemas.heard import Heard, ShardHeard
from schemas.hits import ShardState
from schemas.served import Served, ServedInputs

Verdict = Literal["equal", "different", "not replayable"]


class Replayed(NamedTuple):
    """What became of one answer."""

    record: Served
    verdict: Verdict
    why: str = ""
    """Why it cannot be replayed."""
    differences: tuple[Difference, ...] = ()
    """The first of them explains the others."""
    made: MadeAgain | None = None
    rebuilt: tuple[str, ...] = ()
    """From what each shard was rebuilt."""
    skus_now: tuple[str, ...] = ()
    took_ms: float = 0.0
    """To make it again, once its shards were there."""

    @property
    def facts(self) -> dict[str, Any]:
        """As JSON has it."""
        made = self.made
        return {
            "request_id": self.record.request_id,
            "text": self.record.text,
            "at_ms": self.record.at_ms,
            "verdict": self.verdict,
            "why": self.why,
            "differences": [one._asdict() for one in self.differences],
            "skus_then": self.record.skus,
            "skus_now": list(self.skus_now),
            "rebuilt": list(self.rebuilt),
            "sku": made.sku if made else None,
            "took_ms": round(self.took_ms, 3),
        }


def replay(
    records: Iterable[Served], rebuilding: Rebuilding, instead: WhatIf = AS_IT_WAS, sku: str | None = None
) -> Iterator[Replayed]:
    """In the order of their time. Those that cannot be replayed say why; `sku`: where it stood is told too.

    Raises what reading the log raises, InvalidRequest for what cannot be asked instead."""
    states = OtherStates(instead, rebuilding.place.open_log(), rebuilding.place.names)
    wanted, asked = list[tuple[int, bytes]](), dict[Shard, list[Stop]]()
    for record in records:
        wanted.append((record.at_ms, packed(record)))
        for shard, stop in stops(states.of(record.inputs.heard)) if record.inputs and record.inputs.heard else ():
            asked.setdefault(shard, []).append(stop)
    wanted.sort(key=lambda one: one[0])
    with ExitStack() as closing:
        ways = rebuilding.ways(asked, closing)
        for _, one in wanted:
            yield _one(unpacked(one), ways, instead, states, sku)


def stops(heard: Heard) -> set[tuple[Shard, Stop]]:
    """All states that an answer was made from, each once."""
    facets = tuple(heard.settings["facets"])
    searched = {
        (_shard(one.state, facets), Stop(_offsets(one.state), one.words_at))
        for asked in heard.shards.values()
        for one in asked
        if one is not None
    }
    return searched | {
        (_shard(one.state, facets), Stop(_offsets(one.state))) for one in heard.bodies if one.state is not None
    }


def _one(record: Served, ways: dict[Shard, Ways], instead: WhatIf, other: OtherStates, sku: str | None) -> Replayed:
    inputs = record.inputs
    if inputs is None or inputs.heard is None:
        return Replayed(record, "not replayable", why_not(record))
    heard, states, rebuilt = inputs.heard, dict[tuple[int, Offsets, int | None], Pinned](), dict[str, None]()
    seen = other.of(heard)
    try:
        for shard, stop in stops(seen):
            pinned, where = ways[shard].take(stop)
            states[shard.partition, stop.offsets, stop.words_at] = _with_ef(pinned, instead.ef)
            rebuilt[f"partition {shard.partition}: {where}"] = None
    except StateRefused as error:
        return Replayed(record, "not replayable", error.message)
    began_s = time.perf_counter()
    try:
        synonyms = instead.rules and instead.rules.synonyms
        made = made_again(instead.change(seen), states, sku, instead != AS_IT_WAS, synonyms)
    except FreshetError as error:
        return Replayed(record, "different", differences=(Difference("the search", "an answer", error.message),))
    took_ms = (time.perf_counter() - began_s) * 1000
    found_differences = (*_said(instead, heard, seen), *_differences(record, inputs, instead, seen, states, made))
    verdict: Verdict = "different" if found_differences else "equal"
    skus = tuple(hit.sku for hit in made.hits)
    return Replayed(record, verdict, "", found_differences, made, tuple(sorted(rebuilt)), skus, took_ms)


def _said(instead: WhatIf, heard: Heard, seen: Heard) -> Iterator[Difference]:
    """What is no input of the record."""
    if instead.at is not None:
        yield Difference("at", offsets_seen(heard), offsets_seen(seen))
    if instead.ef is not None:
        yield Difference("ef", "as calibrated", instead.ef)
    if instead.rules is not None:
        yield Difference("rules", "as recorded", instead.rules.name)


def _differences(
    record: Served, inputs: ServedInputs, instead: WhatIf, seen: Heard, states: States, made: MadeAgain
) -> Iterator[Difference]:
    """From here on the recorded answer is looked at."""

    def rebuilt(partition: int, one: ShardHeard) -> Pinned:
        return states[partition, _offsets(one.state), one.words_at]

    assert inputs.heard is not None
    yield from changed_inputs(instead.change(inputs.heard), inputs.heard)
    yield from changed_states(seen.shards, rebuilt)
    yield from changed_stages(record, inputs, made)


def _with_ef(pinned: Pinned, ef: int | None) -> Pinned:
    return pinned if ef is None else replace(pinned, shard=PinnedView(with_ef(pinned.view, ef)))


def _shard(state: ShardState, facets: tuple[str, ...]) -> Shard:
    return Shard(state.partition, state.lineage, facets)


def _offsets(state: ShardState) -> Offsets:
    return Offsets(state.documents_offset, state.offers_offset)


def counted(replayed: Sequence[Replayed]) -> dict[str, Any]:
    """How many there are of each verdict, and of each first difference or reason."""
    reasons: dict[str, int] = {}
    verdicts: dict[str, int] = {"equal": 0, "different": 0, "not replayable": 0}
    for one in replayed:
        verdicts[one.verdict] += 1
        reason = one.why or (one.differences[0].at if one.differences else "")
        if reason:
            reasons[reason] = reasons.get(reason, 0) + 1
    return {**verdicts, "reasons": dict(sorted(reasons.items(), key=lambda one: (-one[1], one[0])))}
