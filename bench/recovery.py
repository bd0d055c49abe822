"""How long a catalogue worker takes to rebuild a missing store from the log."""

import asyncio
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from agents.catalog import catch_up
from agents.store import SkuStore
from agents.topics import Topics
from schemas.records import Content, ContentRecord, Offer, OfferRecord, Order, Price
from schemas.topics import TOPICS
from streams.topics import admin, create_topics
from streams.transactions import Outgoing, TransactionalWriter

SKUS_PER_TRANSACTION = 5_000
AGENT = "recovery"


def run(kafka: str, skus: int, clock: Callable[[], float] = time.perf_counter) -> dict[str, int | float]:
    """Writes `skus` products (contents and offers) into a generation of topics of its own, times `catch_up` of an empty
    store in a temporary folder, and removes the topics. Seconds are wall time.

    Raises ValueError for less than one SKU, RuntimeError when the store did not come to hold them all, Unavailable when
    Kafka does not answer.
    """
    if skus < 1:
        raise ValueError(f"needs at least one SKU, got {skus}")
    topics = Topics(int(time.time()), 1)  # far above any generation in use
    create_topics(kafka, topics.generation, topics.partitions)
    try:
        asyncio.run(_fill(kafka, topics, skus))
        with tempfile.TemporaryDirectory() as folder:
            store = SkuStore(Path(folder) / "0.sqlite", AGENT)
            began_s = clock()
            records = catch_up(store, kafka, 0, topics)
            took_s = clock() - began_s
            live, _ = store.count()
            store.close()
    finally:
        names = [topics.name(topic.name) for topic in TOPICS]
        client = admin(kafka)  # kept: its futures fail when it is collected
        for future in client.delete_topics(names).values():
            future.result()
    if live != skus:
        raise RuntimeError(f"the rebuilt store holds {live} of {skus} SKUs")
    return {
        "skus": skus,
        "records": records,
        "seconds": round(took_s, 3),
        "records_per_s": round(records / took_s, 1),
    }


async def _fill(kafka: str, topics: Topics, skus: int) -> None:
    writer = TransactionalWriter(kafka, AGENT, topics.generation, 0, f"freshet-{AGENT}-{topics.generation}")
    await writer.start()
    try:
        for start in range(0, skus, SKUS_PER_TRANSACTION):
            numbers = range(start, min(skus, start + SKUS_PER_TRANSACTION))
            await writer.commit(_records(topics, numbers), topics.name("catalog"), 0, numbers.stop)
    finally:
        await writer.close()


def _records(topics: Topics, numbers: range) -> Iterator[Outgoing]:
    for number in numbers:
        sku, order = f"sku-{number}", Order(topics.generation, number)
        content = Content(
            title=f"Lamp number {number}",
            brand=f"Brand {number % 50}",
            description=f"It stands on the desk of room {number} and gives a warm light for long evenings. " * 3,
        )
        offer = Offer(price=Price(amount=float(number % 90), currency="EUR"), stock=number % 7)
        derived = {
            "contents": ContentRecord(sku=sku, order=order, content=content, content_hash=f"{number:032x}"),
            "offers": OfferRecord(sku=sku, order=order, offer=offer, live_since=order),
        }
        for base, record in derived.items():
            yield Outgoing(topics.name(base), 0, sku.encode(), record.encode())
