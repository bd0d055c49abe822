"""A made-up catalogue of any size: products as a shop has them, with vectors near those of their words.

To embed 100,000 products takes a small machine a quarter of an hour. Here only the parts of their names are embedded,
and a product's vector is a mixture of those of its parts, and noise: about as far apart as real ones are.
"""

import asyncio
import base64
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Final

import numpy as np
import numpy.typing as npt

from bench.search import MAKERS, NEEDS, WISHES
from schemas.records import Content, DocumentRecord, Offer, OfferRecord, Order, Price
from schemas.topics import topic_name
from streams.producer import Sender

SEED: Final = 5
BATCH: Final = 500
COMMON: Final = (
    "with", "and", "for", "the", "high", "quality", "design", "new", "compact", "easy", "use", "power", "fast", "home",
    "office", "steel", "light", "durable", "original", "compatible", "includes", "cable", "battery", "black", "white",
)  # fmt: skip
"""Words that many descriptions hold."""
RARE: Final = 20_000
"""Other words, the n-th one as often as 1/n says."""
NAMED_SHARE: Final = 0.55
"""Of a vector: what its name makes of it; the rest is its own."""
SYLLABLES: Final = ("ka", "lo", "mi", "ne", "ru", "sa", "te", "vo", "zi", "pa", "dor", "fen", "gul", "hir")

MAKER_SHARE: Final = 0.5
"""What a maker counts in a name, against what the product is."""
TOLD_EVERY: Final = 20_000

Vector = npt.NDArray[np.float32]
Encode = Callable[[Sequence[str]], npt.NDArray[np.float32]]
"""Float32, shape (texts, dim), each row of length 1."""


def contents(rows: int, seed: int = SEED) -> Iterator[tuple[str, Content]]:
    """SKUs and what they name; the same for the same seed."""
    draw = random.Random(seed)
    words = ["".join(draw.choices(SYLLABLES, k=draw.randint(2, 4))) for _ in range(RARE)]
    weights = [1 / (number + 1) for number in range(RARE)]
    sums = np.cumsum(weights).tolist()
    for number in range(rows):
        maker, need, wish = draw.choice(MAKERS), draw.choice(NEEDS), draw.choice(WISHES)
        model = f"{draw.choice('ABCDEFGH')}{draw.choice('KLMNPRST')}-{draw.randrange(100, 10_000)}"
        told = draw.choices(COMMON, k=12) + draw.choices(words, cum_weights=sums, k=12)
        yield (
            f"made-{number:07}",
            Content(
                title=f"{maker} {model} {need} {wish}".strip(),
                brand=maker,
                category=["Electronics", need],
                description=" ".join(told),
                attributes={
                    "model": model,
                    "colour": draw.choice(["black", "white", "silver"]),
                    "weight_g": number % 999,
                },
            ),
        )


def parts_of_names(encode: Encode) -> dict[str, Vector]:
    """What the names of all products are made of, each of length 1."""
    texts = (*NEEDS, *MAKERS)
    return dict(zip(texts, encode(texts), strict=True))


def vector(one: Content, parts: Mapping[str, Vector], noise: np.random.Generator) -> npt.NDArray[np.float16]:
    """Shape (dim,), of length 1 before rounding."""
    named = parts[(one.category or [""])[-1]] + MAKER_SHARE * parts[one.brand or ""]
    own = noise.standard_normal(len(named))
    mixed = NAMED_SHARE * named / np.linalg.norm(named) + (1 - NAMED_SHARE) * own / np.linalg.norm(own)
    return np.asarray(mixed / np.linalg.norm(mixed), dtype=np.float16)


async def write(
    log: Sender, generation: int, rows: int, encoder: str, encode: Encode, say: Callable[[str], None]
) -> None:
    """Their documents and offers into the log, where the shards read them, past the catalogue and the encoder."""
    parts, noise = parts_of_names(encode), np.random.default_rng(SEED)
    made, number = contents(rows), 0
    while batch := list(islice(made, BATCH)):
        sent = []
        for sku, content in batch:
            order = Order(generation, number)
            document = _document(sku, order, content, vector(content, parts, noise), encoder)
            for topic, record in (("documents", document), ("offers", _offer(sku, order, number))):
                sent.append(log.send(topic_name(topic, generation), sku.encode(), record.encode()))
            number += 1
        await asyncio.gather(*sent)
        if number % TOLD_EVERY < BATCH:
            say(f"{number:,} of {rows:,} generated products are written")


def _document(
    sku: str, order: Order, content: Content, vector: npt.NDArray[np.float16], encoder: str
) -> DocumentRecord:
    fp16 = base64.b64encode(vector.astype("<f2").tobytes()).decode()
    return DocumentRecord(sku=sku, order=order, content=content, vector=fp16, encoder=encoder)


def _offer(sku: str, order: Order, number: int) -> OfferRecord:
    price = Price(amount=5.0 + number % 500, currency="EUR")
    return OfferRecord(sku=sku, order=order, offer=Offer(price=price, stock=number % 7), live_since=order)
