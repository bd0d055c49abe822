"""Compares an answer that was made again with the one that was logged: the first input or stage that differs is named.

Inputs come first, in the order in which a search meets them: what was asked, what was heard, the states of the shards.
Then what the stages made of them: what each shard found near, the features of the ranking, hits, their bodies, counts.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from agents.asked import Pinned
from replay.answers.made_again import MadeAgain
from schemas.heard import Heard, ShardHeard
from schemas.served import Served, ServedInputs
from schemas.shard_messages import ShardAnswer
from serving.heard_record import sums

INPUTS: Final = (
    "asked",
    "settings",
    "understood",
    "tokens",
    "floors",
    "vectors",
    "sessions",
    "words",
    "corrected",
    "others",
    "joining",
    "doubting",
    "steps",
    "cut",
    "shards",
    "bodies",
    "names",
    "popularity",
    "popular",
    "best",
    "calendar",
    "now_ms",
)
"""Fields of `Heard`, in the order in which a search meets them."""
NAMES: Final = {"vectors": "query vector", "sessions": "session vector", "words": "lexical candidates"}
"""What people call them; the others are called as they are."""


class Difference(NamedTuple):
    """One input or stage."""

    at: str
    """Such as `query vector`, `documents of partition 0`, `hits`."""
    then: Any
    now: Any


def changed_inputs(used: Heard, recorded: Heard) -> Iterator[Difference]:
    """Inputs that are not what was heard when the answer was made: the record's sums tell, or `used` is another one on
    purpose (`--set`)."""
    actual = sums(used)
    for name in INPUTS:
        if actual[name] != recorded.sums.get(name, ""):
            then, now = getattr(recorded, name), getattr(used, name)
            what = {"sum": recorded.sums.get(name, "")}, {"sum": actual[name], "value": _plain(now)}
            yield Difference(NAMES.get(name, name), *(what if then == now else _apart(_plain(then), _plain(now))))


def changed_states(
    seen: Mapping[str, Sequence[ShardHeard | None]], rebuilt: Callable[[int, ShardHeard], Pinned]
) -> Iterator[Difference]:
    """States that were not rebuilt as they were."""
    for partition, asked in sorted(seen.items()):
        for one in asked:
            if one is not None:
                yield from _changed_state(int(partition), one, rebuilt(int(partition), one))


def _changed_state(partition: int, seen: ShardHeard, rebuilt: Pinned) -> Iterator[Difference]:
    view = rebuilt.view
    if view.identity.lineage != seen.state.lineage:
        yield Difference(f"lineage of partition {partition}", seen.state.lineage, view.identity.lineage)
    actual = (view.digest_documents, view.digest_offers)
    for topic, then, now in zip(("documents", "offers"), seen.digests, actual, strict=False):
        if then != now:
            yield Difference(f"{topic} of partition {partition}", then, now)


def changed_stages(record: Served, inputs: ServedInputs, made: MadeAgain) -> Iterator[Difference]:
    """In the order in which a search comes to them.

    What was asked now and not then explains them: alone it is no difference, since then no time may have been left."""
    stages = [*_changed_stages(record, inputs, made)]
    if stages and made.not_heard:
        yield Difference("what was asked", "not asked", made.not_heard)
    yield from stages


def _changed_stages(record: Served, inputs: ServedInputs, made: MadeAgain) -> Iterator[Difference]:
    yield from _changed_near(inputs, _last(made.answers))
    if inputs.rank is not None and made.rank is not None and inputs.rank != made.rank:
        then, now = inputs.rank.model_dump(exclude={"candidates"}), made.rank.model_dump(exclude={"candidates"})
        if then != now:
            yield Difference("weights", then, now)
        yield from _first_changed("features", inputs.rank.candidates, made.rank.candidates)
    shown = inputs.shown
    if shown is None:
        return
    then_skus, now_skus = [hit.sku for hit in shown.hits], [hit.sku for hit in made.shown.hits]
    if then_skus != now_skus:
        yield Difference("hits", then_skus, now_skus)
    yield from _first_changed("hit", shown.hits, made.shown.hits)
    if record.found != made.found.found:
        yield Difference("found", record.found, made.found.found)
    for field, counts in shown.facets.items():
        if made.shown.facets.get(field) != counts:
            yield Difference(f"facet {field}", counts, made.shown.facets.get(field))
    if record.degraded != made.degraded:
        yield Difference("degraded", record.degraded, made.degraded)


def _changed_near(inputs: ServedInputs, answers: Mapping[str, ShardAnswer]) -> Iterator[Difference]:
    for partition, then in inputs.candidates.items():
        answer = answers.get(partition)
        if answer is None or answer.near is None:
            continue
        now = [(sku, score) for sku, score, _, _ in answer.near.rows()]
        before = [(one.sku, one.score) for one in then]
        if before != now:
            at = next(
                (n for n, pair in enumerate(zip(before, now, strict=False)) if pair[0] != pair[1]),
                min(len(before), len(now)),
            )
            yield Difference(f"near of partition {partition}, place {at + 1}", _at(before, at), _at(now, at))


def _last(answers: Mapping[int, Sequence[ShardAnswer]]) -> dict[str, ShardAnswer]:
    """Of each partition the last search that was by meaning."""
    found = {}
    for partition, asked in answers.items():
        near = [one for one in asked if one.near is not None]
        if near:
            found[str(partition)] = near[-1]
    return found


def _first_changed(what: str, then: Sequence[Any], now: Sequence[Any]) -> Iterator[Difference]:
    for at, (one, other) in enumerate(zip(then, now, strict=False)):
        if one != other:
            yield Difference(f"{what} {at + 1}", _plain(one), _plain(other))
            return
    if len(then) != len(now):
        yield Difference(f"{what}s", len(then), len(now))


def _apart(then: Any, now: Any) -> tuple[Any, Any]:
    """Of two objects only the fields that differ."""
    if not (isinstance(then, dict) and isinstance(now, dict)):
        return then, now
    names = [name for name in {**then, **now} if then.get(name) != now.get(name)]
    return {name: then.get(name) for name in names}, {name: now.get(name) for name in names}


def _at(rows: Sequence[Any], at: int) -> Any:
    return list(rows[at]) if at < len(rows) else None


def _plain(value: Any) -> Any:
    """As JSON has it."""
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    return value.model_dump(mode="json", exclude_none=True) if hasattr(value, "model_dump") else value
