"""The products of the shop, from the newest record of each SKU in `offers`."""

from freshet.imports.settling import TopicLog
from schemas.errors import InvalidEvent, StateRefused
from schemas.records import EventId, OfferRecord, decode
from schemas.topics import topic_name
from streams.reader import LogRecord


def read_live(reader: TopicLog, generation: int, partitions: int) -> dict[str, EventId]:
    """By SKU, the event that made it what it is. Reads to the end of `offers`; a deleted SKU is not among them."""
    live: dict[str, EventId] = {}
    topic = topic_name("offers", generation)
    for partition in range(partitions):
        first, end = reader.begin_end(topic, partition)
        for records in reader.read(topic, partition, first, end):
            for record in records:
                _enter(live, record, partition)
    return live


def _enter(live: dict[str, EventId], record: LogRecord, partition: int) -> None:
    sku = (record.key or b"").decode("utf-8", "replace")
    try:
        offer = decode(OfferRecord, record.value) if record.value is not None else None
    except InvalidEvent as error:
        raise StateRefused(
            f"{record.topic}/{partition} offset {record.offset} cannot be read: {error.message}",
            hint="nothing is deleted while the shop's own list is not certain",
        ) from error
    if offer is None or offer.live_since is None:
        live.pop(sku, None)
    else:
        live[sku] = EventId(offer.order.generation, partition, offer.order.offset)
