"""What Hypothesis draws for shards: logs of documents and offers with duplicates, old orders, deletes and purges."""

from typing import Any

from hypothesis import strategies as st

from index_snapshots.protocol import ShardRecord, Topic
from schemas.filters import Filters, NumberRange
from schemas.records import Availability, DocumentRecord, Offer, OfferRecord, Order, Price
from tests.unit.index_snapshots.making import ENCODER, b64, content, logged, unit

SKUS = ("a", "b", "c", "dö", "e")
BRANDS = ("Anker", "Bosch")
CATEGORIES = (["Home"], ["Home", "Lamps"], ["Home", "Lamps", "Desk"], ["Garden"])
PRICES = (0.0, 9.99, 20.0)
CURRENCIES = ("EUR", "USD")
AVAILABILITIES: tuple[Availability, ...] = ("in_stock", "out_of_stock", "preorder")
COLOURS: tuple[str | bool, ...] = ("red", "blue", "true", True, False)
WATTS = (-1, 0.5, 7, 2**60)
maybe = st.none
orders = st.builds(Order, st.integers(1, 2), st.integers(0, 30))
skus = st.sampled_from(SKUS)
attributes: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {},
    optional={
        "colour": st.sampled_from(COLOURS) | st.lists(st.sampled_from(COLOURS[:3]), max_size=3) | st.just(7),
        "watts": st.sampled_from(WATTS) | st.lists(st.sampled_from(WATTS), max_size=3) | st.just("7"),
        "material": st.just("oak"),
    },
)
"""Declared ones of their kind and of another, and one that is not declared."""
contents = st.builds(
    content,
    st.sampled_from(("Lamp", "Chair")),
    maybe() | st.sampled_from(BRANDS),
    maybe() | st.sampled_from(CATEGORIES),
    attributes,
)
prices = st.builds(
    lambda amount, currency: Price(amount=amount, currency=currency),
    st.sampled_from(PRICES),
    st.sampled_from(CURRENCIES),
)
offers = st.builds(
    lambda price, stock, availability: Offer(price=price, stock=stock, availability=availability),
    maybe() | prices,
    maybe() | st.integers(0, 2),
    maybe() | st.sampled_from(AVAILABILITIES),
)


@st.composite
def document_records(draw: st.DrawFn) -> DocumentRecord:
    sku, order = draw(skus), draw(orders)
    if draw(st.integers(0, 3)) == 0:
        return DocumentRecord(sku=sku, order=order)
    seed = draw(st.integers(0, 2))  # few vectors, so that scores tie
    return DocumentRecord(sku=sku, order=order, content=draw(contents), vector=b64(unit(seed)), encoder=ENCODER)


@st.composite
def offer_records(draw: st.DrawFn) -> OfferRecord:
    sku, order = draw(skus), draw(orders)
    if draw(st.integers(0, 3)) == 0:
        return OfferRecord(sku=sku, order=order, version=draw(maybe() | st.integers(0, 3)))
    since = draw(maybe() | orders)
    return OfferRecord(sku=sku, order=order, offer=draw(offers), version=draw(maybe() | st.just(7)), live_since=since)


asked_attributes = st.fixed_dictionaries(
    {},
    optional={
        "colour": st.lists(st.sampled_from((*COLOURS, "unknown")), min_size=1, max_size=7),
        "watts": st.builds(NumberRange, min=st.just(0.5), max=maybe() | st.sampled_from((0.5, 8.0)))
        | st.builds(NumberRange, max=st.sampled_from(WATTS).map(float)),
    },
)
plain_filters = st.builds(
    lambda brand, category, low, high, currency, in_stock, asked: Filters(
        brand=brand,
        category=category,
        price_min=low if low is None or high is None else min(low, high),
        price_max=high,
        currency=currency,
        in_stock=in_stock,
        attributes=asked or None,
    ),
    maybe() | st.lists(st.sampled_from((*BRANDS, "Unknown")), min_size=1, max_size=3),
    maybe() | st.lists(st.sampled_from([*CATEGORIES, ["Nowhere"]]), min_size=1, max_size=2),
    maybe() | st.sampled_from(PRICES),
    maybe() | st.sampled_from(PRICES),
    maybe() | st.sampled_from((*CURRENCIES, "GBP")),
    maybe() | st.booleans(),
    maybe() | asked_attributes,
)
one_filter = st.one_of(
    st.builds(lambda brand: Filters(brand=[brand]), st.sampled_from(BRANDS)),
    st.builds(lambda in_stock: Filters(in_stock=in_stock), st.booleans()),
    st.builds(lambda asked: Filters(attributes=asked or None), asked_attributes),
)


def tree(inner: st.SearchStrategy[Filters]) -> st.SearchStrategy[Filters]:
    several = st.lists(inner, min_size=1, max_size=3)
    return st.builds(
        lambda plain, every, some, no: plain.model_copy(update={"all": every, "any": some, "not_": no}),
        one_filter,
        maybe() | several,
        maybe() | several,
        maybe() | inner,
    )


filters = plain_filters | tree(one_filter) | tree(tree(one_filter))


@st.composite
def logs(draw: st.DrawFn, topic: Topic, size: int = 25) -> list[ShardRecord]:
    """One topic: distinct (sku, order) pairs, then some of them again, some null records, in any order."""
    kinds: dict[Topic, st.SearchStrategy[DocumentRecord | OfferRecord]] = {
        "documents": document_records(),
        "offers": offer_records(),
    }
    values = draw(st.lists(kinds[topic], max_size=size, unique_by=lambda value: (value.sku, value.order)))
    again = draw(st.lists(st.sampled_from(values), max_size=5)) if values else []
    nulls = draw(st.lists(skus, max_size=3))
    return logged(topic, draw(st.permutations([*values, *again, *nulls])))


@st.composite
def interleaved(draw: st.DrawFn, one: list[ShardRecord], other: list[ShardRecord]) -> list[list[ShardRecord]]:
    """Both topics in batches, each in its own order, and from some earlier point once more."""
    whole: list[ShardRecord] = []
    for records in (one, other):
        again = draw(st.integers(0, len(records)))
        records = [*records, *records[again:]]
        places = sorted(draw(st.lists(st.integers(0, len(whole)), min_size=len(records), max_size=len(records))))
        for moved, (place, record) in enumerate(zip(places, records, strict=True)):
            whole.insert(place + moved, record)
    cuts = sorted(draw(st.lists(st.integers(0, len(whole)), max_size=4)))
    return [whole[start:end] for start, end in zip([0, *cuts], [*cuts, len(whole)], strict=True)]
