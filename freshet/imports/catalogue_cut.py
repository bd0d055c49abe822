"""The whole catalogue as of one place in the log: every product with its content, price and stock."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from agents.decide import state_of
from agents.partitions import group_of
from freshet.imports.settling import TopicLog
from schemas.errors import InvalidEvent, StateRefused
from schemas.records import Content, ContentRecord, Offer, OfferRecord, R, decode
from schemas.topics import topic_name
from streams.reader import LogRecord


class CommittedLog(TopicLog, Protocol):
    """The reader of `streams`. Blocking."""

    def committed(self, group: str, topic: str, partitions: "list[int]") -> dict[int, int]: ...


class Product(NamedTuple):
    sku: str
    content: Content
    offer: Offer


@dataclass(frozen=True)
class Cut:
    """Everything that events before these offsets of `catalog` made, and nothing that later ones did."""

    generation: int
    ends: Mapping[int, int]
    """By partition: the first offset that is not part of it."""


def newest_cut(reader: CommittedLog, generation: int, partitions: int) -> Cut:
    """What the catalogue worker has decided by now: its records and its position are one transaction."""
    topic = topic_name("catalog", generation)
    found = reader.committed(group_of("catalog", generation), topic, list(range(partitions)))
    return Cut(generation, {partition: max(0, found[partition]) for partition in range(partitions)})


def products(reader: CommittedLog, cut: Cut) -> Iterator[Product]:
    """By partition, in the order of their newest content. Memory: the offers of one partition.

    Contents are read twice, first for the place of each SKU's newest: so they need not be held.
    """
    for partition, end in sorted(cut.ends.items()):
        offers = _newest_offers(reader, cut.generation, partition, end)
        places = _newest_places(reader, cut.generation, partition, end)
        for record in _records(reader, "contents", cut.generation, partition):
            sku = _sku(record)
            if places.get(sku) != record.offset or sku not in offers:
                continue
            state = state_of(_decoded(ContentRecord, record), offers[sku])
            if state is not None and state.content is not None and state.offer is not None:
                yield Product(sku, state.content, state.offer)


def _newest_offers(reader: TopicLog, generation: int, partition: int, end: int) -> dict[str, OfferRecord]:
    """Of products that are there: what is deleted is left out at once."""
    offers: dict[str, OfferRecord] = {}
    for record in _records(reader, "offers", generation, partition):
        offer = _decoded(OfferRecord, record)
        if not _belongs(offer, generation, end):
            continue
        if offer is None or offer.live_since is None:
            offers.pop(_sku(record), None)
        else:
            offers[_sku(record)] = offer
    return offers


def _newest_places(reader: TopicLog, generation: int, partition: int, end: int) -> dict[str, int]:
    return {
        _sku(record): record.offset
        for record in _records(reader, "contents", generation, partition)
        if _belongs(_decoded(ContentRecord, record), generation, end)
    }


def _belongs(record: ContentRecord | OfferRecord | None, generation: int, end: int) -> bool:
    """A null record forgets a SKU that was deleted long ago: it changes nothing for the living."""
    return record is None or record.order < (generation, end)


def _records(reader: TopicLog, base: str, generation: int, partition: int) -> Iterator[LogRecord]:
    topic = topic_name(base, generation)
    first, end = reader.begin_end(topic, partition)
    for records in reader.read(topic, partition, first, end):
        yield from records


def _decoded(model: type[R], record: LogRecord) -> R | None:
    try:
        return None if record.value is None else decode(model, record.value)
    except InvalidEvent as error:
        raise StateRefused(f"{record.topic}/{record.partition} offset {record.offset}: {error.message}") from error


def _sku(record: LogRecord) -> str:
    return (record.key or b"").decode("utf-8", "replace")
