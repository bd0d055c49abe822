"""Small records, and the truth: what a shard must know and answer, in the plainest words."""

import base64
import itertools
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from index_snapshots.builder import BuilderHere, Built
from index_snapshots.guards import GUARDS, Guards
from index_snapshots.manifest import Origin
from index_snapshots.merge import Segment
from index_snapshots.pacing import Pacing
from index_snapshots.pending import Planned
from index_snapshots.protocol import Found, Half, Identity, ShardRecord, Topic, View
from index_snapshots.view import ShardView
from index_snapshots.writer import ShardWriter
from schemas.facets import FacetKind, Facets
from schemas.filters import Filters, NumberRange
from schemas.hits import Hit
from schemas.records import Content, DocumentRecord, Offer, OfferRecord, Order, Price

DIM = 8
SMALL = Pacing(head_rows=4, rows_per_s_max=30, exact_max=0)
"""Four rows make a graph, which comes two seals later; no search is exact because there is little to search."""
_folders = tempfile.TemporaryDirectory(prefix="freshet-shards-")
_numbers = itertools.count()
ENCODER = "fake"
FACETS: dict[str, FacetKind] = {"colour": "value", "watts": "number"}
ORIGIN = Origin(
    partition=0,
    generation=1,
    cluster_id="cluster",
    topic_ids={"documents": "d", "offers": "o"},
    encoder=ENCODER,
    dim=DIM,
)


def unit(seed: int, dim: int = DIM) -> Half:
    vector = np.random.default_rng(seed).standard_normal(dim)
    return (vector / np.linalg.norm(vector)).astype(np.float16)


def b64(vector: Half) -> str:
    return base64.b64encode(vector.astype("<f2").tobytes()).decode()


def content(
    title: str = "Lamp",
    brand: str | None = None,
    category: list[str] | None = None,
    attributes: dict[str, Any] | None = None,
) -> Content:
    return Content(title=title, brand=brand, category=category, attributes=attributes or {})


def document(sku: str, order: int, *, seed: int = 1, of: Content | None = None) -> DocumentRecord:
    return DocumentRecord(
        sku=sku, order=Order(1, order), content=of or content(), vector=b64(unit(seed)), encoder=ENCODER
    )


def no_document(sku: str, order: int) -> DocumentRecord:
    return DocumentRecord(sku=sku, order=Order(1, order))


def offer(sku: str, order: int, *, since: int = 0, price: float | None = 1.0, stock: int | None = 1) -> OfferRecord:
    cost = None if price is None else Price(amount=price, currency="EUR")
    return OfferRecord(sku=sku, order=Order(1, order), offer=Offer(price=cost, stock=stock), live_since=Order(1, since))


def no_offer(sku: str, order: int) -> OfferRecord:
    return OfferRecord(sku=sku, order=Order(1, order))


def logged(
    topic: Topic, values: Iterable[DocumentRecord | OfferRecord | str], start: int = 0, time_ms: int = 0
) -> list[ShardRecord]:
    """Values at successive offsets; a plain SKU is its null record."""
    return [
        ShardRecord(topic, offset, value, time_ms, None)
        if isinstance(value, str)
        else ShardRecord(topic, offset, value.sku, time_ms, value)
        for offset, value in enumerate(values, start)
    ]


def shard(
    lineage: str = "test",
    *,
    dim: int = DIM,
    pacing: Pacing = SMALL,
    start: ShardView | None = None,
    facets: Facets = FACETS,
    guards: Guards = GUARDS,
) -> ShardWriter:
    """A shard that seals and merges every few rows."""
    identity = Identity(0, lineage, ENCODER, dim) if start is None else start.identity
    folder = Path(_folders.name) / str(next(_numbers))
    return ShardWriter(identity, lambda: 1_000, folder, BuilderHere(), pacing, start, facets, guards)


def result_of(planned: Planned, built: Built) -> Segment:
    """For a snapshot that waits for all merges under way as long as it takes."""
    return built.result()


def hits(view: View, found: Sequence[Found]) -> list[Hit]:
    """What the query tier reads of these."""
    return [Hit.model_validate_json(orjson.dumps(part)) for part in view.hit_parts(found)]


def excluding(inner: Filters, **others: Any) -> Filters:
    """`not` is no name in Python."""
    return Filters.model_validate({"not": inner, **others})


class Truth:
    """The newest record per SKU and topic in two dicts; everything else is computed when asked."""

    def __init__(self) -> None:
        self.known: dict[Topic, dict[str, DocumentRecord | OfferRecord]] = {"documents": {}, "offers": {}}

    def put(self, record: ShardRecord) -> None:
        known, value = self.known[record.topic], record.value
        old = known.get(record.sku)
        if value is None:
            if old is not None and (old.content if isinstance(old, DocumentRecord) else old.offer) is None:
                del known[record.sku]
        elif isinstance(value, DocumentRecord | OfferRecord) and (old is None or old.order < value.order):
            known[record.sku] = value

    def shown(self) -> dict[str, tuple[DocumentRecord, Offer | None]]:
        shown = {}
        for sku, one in self.known["documents"].items():
            other = self.known["offers"].get(sku)
            assert isinstance(one, DocumentRecord) and not isinstance(other, DocumentRecord)
            gone = other is not None and other.offer is None and other.order >= one.order
            recreated = other is not None and other.live_since is not None and one.order < other.live_since
            if one.content is not None and not gone and not recreated:
                shown[sku] = (one, other.offer if other else None)
        return shown

    def search(self, vector: Half | None, limit: int, filters: Filters) -> tuple[list[tuple[str, float | None]], int]:
        rows = [(sku, one) for sku, (one, offer) in self.shown().items() if passes(filters, one.content, offer)]
        if vector is None:
            ranked = sorted(rows, key=lambda row: (-row[1].order.generation, -row[1].order.offset, row[0]))
            return [(sku, None) for sku, _ in ranked[:limit]], len(rows)
        scored = [(sku, dot(vector, one.vector or "")) for sku, one in rows]
        scored.sort(key=lambda row: (-row[1], row[0]))
        return list(scored[:limit]), len(rows)


def dot(one: Half, other: str) -> float:
    stored = np.frombuffer(base64.b64decode(other), dtype="<f2")
    return sum(float(a) * float(b) for a, b in zip(one, stored, strict=True))


def passes(filters: Filters, of: Content | None, offer: Offer | None) -> bool:
    assert of is not None
    price = offer.price if offer else None
    path = of.category or []
    return (
        (filters.brand is None or of.brand in filters.brand)
        and (filters.category is None or any(path[: len(prefix)] == prefix for prefix in filters.category))
        and (filters.price_min is None or (price is not None and price.amount >= filters.price_min))
        and (filters.price_max is None or (price is not None and price.amount <= filters.price_max))
        and (filters.currency is None or (price is not None and price.currency == filters.currency))
        and (filters.in_stock is None or (offer is not None and offer.in_stock) == filters.in_stock)
        and all(has(of.attributes.get(name), asked) for name, asked in (filters.attributes or {}).items())
        and all(passes(inner, of, offer) for inner in filters.all or [])
        and (filters.any is None or any(passes(inner, of, offer) for inner in filters.any))
        and (filters.not_ is None or not passes(filters.not_, of, offer))
    )


def has(given: Any, asked: list[str | bool] | NumberRange) -> bool:
    """Whether an attribute, or one item of it, is what is asked for."""
    items = given if isinstance(given, list) else [given]
    if isinstance(asked, list):
        return any(type(item) is type(value) and item == value for item in items for value in asked)
    numbers = [item for item in items if type(item) in (int, float)]
    return any(
        (asked.min is None or number >= asked.min) and (asked.max is None or number <= asked.max) for number in numbers
    )
