"""What a slice of answers changes for whom: products that move up or down, enter or leave, by query and by product."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, NamedTuple

from replay.answers.replaying import Replayed

Kind = Literal["up", "down", "entered", "left"]
KINDS: Final[tuple[Kind, ...]] = ("up", "down", "entered", "left")


class Move(NamedTuple):
    """Of one product on one page of hits; places from 1."""

    sku: str
    kind: Kind
    then: int | None
    now: int | None

    @property
    def facts(self) -> dict[str, Any]:
        return self._asdict()


def moves(then: Sequence[str], now: Sequence[str]) -> list[Move]:
    """Those that stayed where they were are left out; as they stand now, then those that left."""
    before, after = _places(then), _places(now)
    found = [Move(sku, _kind(before.get(sku), place), before.get(sku), place) for sku, place in after.items()]
    left = [Move(sku, "left", place, None) for sku, place in before.items() if sku not in after]
    return [one for one in found if one.then != one.now] + left


@dataclass
class QueryMoves:
    """Of all answers to one text."""

    text: str
    asked: int = 0
    changed: int = 0
    """Of them those that show other products, or in another order."""
    kinds: Counter[Kind] = field(default_factory=Counter)
    request_id: str = ""
    """Of the last one that changed."""
    moves: list[Move] = field(default_factory=list)
    """Of that one."""

    @property
    def facts(self) -> dict[str, Any]:
        return {
            "text": self.text,
            "asked": self.asked,
            "changed": self.changed,
            **counts(self.kinds),
            "request_id": self.request_id,
            "moves": [one.facts for one in self.moves],
        }


class SliceMoves:
    """Takes answers one by one; keeps counts, and the last changed answer of each query."""

    def __init__(self) -> None:
        self.answers = 0
        self.changed = 0
        self._queries: dict[str, QueryMoves] = {}
        self._products: dict[str, Counter[Kind]] = {}
        self.titles: dict[str, str] = {}
        """Of products that moved, by SKU, where an answer of now shows them."""

    def add(self, one: Replayed) -> None:
        """Nothing, where it could not be made again."""
        if one.made is None:
            return
        self.answers += 1
        query = self._queries.setdefault(one.record.text, QueryMoves(one.record.text))
        query.asked += 1
        moved = moves(one.record.skus, one.skus_now)
        if not moved:
            return
        self.changed += 1
        query.changed += 1
        query.request_id, query.moves = one.record.request_id, moved
        titles = {hit.sku: hit.content.title for hit in one.made.hits}
        for move in moved:
            query.kinds[move.kind] += 1
            self._products.setdefault(move.sku, Counter())[move.kind] += 1
            if move.sku in titles:
                self.titles[move.sku] = titles[move.sku]

    @property
    def queries(self) -> list[QueryMoves]:
        """Those that changed, most asked first."""
        changed = (one for one in self._queries.values() if one.changed)
        return sorted(changed, key=lambda one: (-one.asked, -one.changed, one.text))

    @property
    def products(self) -> list[tuple[str, Counter[Kind]]]:
        """(SKU, in how many answers it did what), most moves first."""
        return sorted(self._products.items(), key=lambda one: (-one[1].total(), one[0]))

    @property
    def facts(self) -> dict[str, Any]:
        return {
            "answers": self.answers,
            "changed": self.changed,
            "by_query": [one.facts for one in self.queries],
            "by_sku": [
                {"sku": sku, "title": self.titles.get(sku, ""), **counts(kinds)} for sku, kinds in self.products
            ],
        }


def counts(kinds: Counter[Kind]) -> dict[str, int]:
    return {kind: kinds[kind] for kind in KINDS}


def said(kinds: Counter[Kind]) -> str:
    """Such as `3 up, 1 left`."""
    return ", ".join(f"{kinds[kind]:,} {kind}" for kind in KINDS if kinds[kind])


def lines(found: SliceMoves, most: int) -> Iterator[str]:
    """For a terminal, `most` queries and `most` products."""
    yield f"{found.changed:,} of {found.answers:,} answers show other products, or in another order"
    for query in found.queries[:most]:
        yield f"  {query.text!r}, asked {query.asked:,} times: {said(query.kinds)}"
    for sku, kinds in found.products[:most]:
        yield f"  {sku} {found.titles.get(sku, '')}: {said(kinds)}"


def _places(skus: Sequence[str]) -> dict[str, int]:
    return {sku: place for place, sku in enumerate(skus, 1)}


def _kind(then: int | None, now: int) -> Kind:
    if then is None:
        return "entered"
    return "up" if now < then else "down"
