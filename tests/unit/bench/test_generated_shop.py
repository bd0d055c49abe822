"""Made-up products: the same for all, named as the queries name them, with vectors near their names."""

from collections.abc import Sequence

import numpy as np
import pytest

from bench.generated_shop import BATCH, RARE, contents, parts_of_names, vector, write
from bench.search import built_in_queries
from schemas.records import DocumentRecord, OfferRecord, decode
from streams.memory import MemoryLog

DIM = 64


def encode(texts: Sequence[str]) -> np.ndarray:
    drawn = np.array([np.random.default_rng(len(text) + ord(text[0])).standard_normal(DIM) for text in texts])
    return np.asarray(drawn / np.linalg.norm(drawn, axis=1, keepdims=True), dtype=np.float32)


def test_they_are_the_same_every_time_and_the_queries_name_them() -> None:
    made = list(contents(300))
    assert made == list(contents(300)) and len({sku for sku, _ in made}) == 300
    words = {word for _, one in made for word in one.title.lower().split()}
    asked = {word for query in built_in_queries() for word in query.lower().split()}
    assert asked <= words
    told = {word for _, one in made for word in (one.description or "").split()}
    assert 500 < len(told) < RARE


async def test_what_is_written_is_what_the_shards_read() -> None:
    log = MemoryLog()
    told: list[str] = []
    await write(log, 1, BATCH + 1, "an encoder", encode, told.append)
    (documents,), (offers,) = (list(log.read(topic, 0, 0)) for topic in ("documents", "offers"))
    assert len(documents) == len(offers) == BATCH + 1 and not told
    for at in (0, BATCH):
        document, offer = (
            decode(DocumentRecord, documents[at].value or b""),
            decode(OfferRecord, offers[at].value or b""),
        )
        assert document.sku.encode() == offer.sku.encode() == documents[at].key and document.order == offer.order
        assert document.content is not None and offer.offer is not None and document.encoder == "an encoder"


def test_vectors_lie_near_those_with_the_same_name() -> None:
    made = [one for _, one in contents(200)]
    parts, noise = parts_of_names(encode), np.random.default_rng(1)
    drawn = np.array([vector(one, parts, noise) for one in made], dtype=np.float64)
    assert np.linalg.norm(drawn, axis=1) == pytest.approx(1.0, abs=0.01)
    near = drawn @ drawn.T
    same = np.array([[one.category == other.category for other in made] for one in made]) & ~np.eye(200, dtype=bool)
    assert near[same].mean() > near[~same & ~np.eye(200, dtype=bool)].mean() + 0.2
