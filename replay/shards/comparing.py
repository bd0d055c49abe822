"""What changed between two states of one shard: products that appeared, went, or show something else."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import Any, Final, Literal, NamedTuple

from index_snapshots.protocol import Offsets, Topic
from index_snapshots.view import ShardView
from replay.log import Log
from replay.shards.rebuilt import TOPICS
from schemas.hits import Hit

Kind = Literal["appeared", "gone", "changed"]
KINDS: Final[tuple[Kind, ...]] = ("appeared", "gone", "changed")
FIELDS: Final = frozenset(("content", "offer", "in_stock"))
"""Of a hit, what its product is; the rest is of a search, or tells which event made it."""


class Change(NamedTuple):
    """Of one product, as a search would show it."""

    sku: str
    kind: Kind
    fields: dict[str, tuple[Any, Any]]
    """Where it changed: by name, such as `offer.price`, then and now."""

    @property
    def facts(self) -> dict[str, Any]:
        fields = {name: {"then": then, "now": now} for name, (then, now) in self.fields.items()}
        return {"sku": self.sku, "kind": self.kind, "fields": fields}


def touched(log: Log, names: Mapping[Topic, str], partition: int, begin: Offsets, end: Offsets) -> list[str]:
    """SKUs of the records between two states, sorted. Raises what reading the log raises."""
    found = set[bytes]()
    for topic, first, last in zip(TOPICS, begin, end, strict=True):
        if first < last:
            records = chain.from_iterable(log.read(names[topic], partition, first, last))
            found.update(record.key for record in records if record.key is not None)
    return sorted(key.decode("utf-8", "replace") for key in found)


def changes(before: ShardView, after: ShardView, skus: Iterable[str]) -> Iterator[Change]:
    """Of those SKUs; what was touched and shows the same again is left out."""
    for sku in skus:
        then, now = before.lookup(sku).hit, after.lookup(sku).hit
        if then is None and now is not None:
            yield Change(sku, "appeared", {})
        elif then is not None and now is None:
            yield Change(sku, "gone", {})
        elif then is not None and now is not None and (fields := dict(_apart(then, now))):
            yield Change(sku, "changed", fields)


def counted(found: Iterable[Change]) -> dict[str, dict[str, int]]:
    """How many of each kind, and in how many products each field changed, most first."""
    kinds, fields = Counter[str](), Counter[str]()
    for one in found:
        kinds[one.kind] += 1
        fields.update(one.fields.keys())
    return {"products": {kind: kinds[kind] for kind in KINDS}, "fields": dict(fields.most_common())}


def _apart(then: Hit, now: Hit) -> Iterator[tuple[str, tuple[Any, Any]]]:
    before, after = dict(_leaves(then)), dict(_leaves(now))
    for name in sorted(before.keys() | after.keys()):
        if before.get(name) != after.get(name):
            yield name, (before.get(name), after.get(name))


def _leaves(hit: Hit) -> Iterator[tuple[str, Any]]:
    """Fields by name, two deep: `content.title`, `content.attributes`, `offer.price`."""
    for name, value in hit.model_dump(mode="json", include=set(FIELDS)).items():
        if isinstance(value, dict):
            yield from ((f"{name}.{part}", one) for part, one in value.items())
        else:
            yield name, value
