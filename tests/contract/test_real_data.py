"""Real products and judgements, where they are at hand: the mapping keeps all, the encoder knows what is relevant."""

from pathlib import Path

import numpy as np
import pytest

from bench.evaluate import read_folder
from bench.relevance import judge, means
from encoders.bundle import Bundle
from encoders.choose import choose_engine
from encoders.product_text import product_text
from encoders.text_encoder import TextEncoder
from freshet.imports.mapping_file import read_mapping
from freshet.imports.product_lines import Ready, prepare
from freshet.imports.readers.choose import open_source
from schemas.events import Upsert, decode_event
from tests.conftest import REPOSITORY

PRODUCTS = 19_406
EVERY = 3
"""Of the queries: all of them take 20 seconds. `freshet eval search` judges all."""
CONDENSED_MIN = 0.88
"""NDCG@10 of ranking the judged products of a query alone; 0.92 was measured when this was written."""


@pytest.fixture(scope="module")
def icecat(real_data: Path) -> dict[str, Upsert]:
    mapping = read_mapping(REPOSITORY / "docs" / "examples" / "icecat.toml")
    lines = [prepare(line, mapping) for line in open_source(real_data / "icecat" / "products.jsonl.gz").rows()]
    assert [line for line in lines if not isinstance(line, Ready)] == []
    events = [decode_event(line.event)[0] for line in lines if isinstance(line, Ready)]
    return {event.sku: event for event in events if isinstance(event, Upsert)}


def test_every_product_of_a_real_catalogue_becomes_an_event(icecat: dict[str, Upsert]) -> None:
    assert len(icecat) == PRODUCTS
    assert all(product.price is not None and product.attributes for product in icecat.values())


def test_relevant_products_come_first(icecat: dict[str, Upsert], real_data: Path, bundle: Bundle) -> None:
    queries, ratings = read_folder(real_data / "icecat")
    queries = dict(sorted(queries.items())[::EVERY])
    skus = sorted({sku for query in queries for sku in ratings.get(query, {})} & icecat.keys())
    encoder = TextEncoder(bundle, choose_engine("auto", bundle))
    products = [icecat[sku] for sku in skus]
    texts = [product_text(product.title, product.brand, product.description) for product in products]
    vectors = encoder.encode_texts(texts)
    judged = []
    for query, text in queries.items():
        scores = vectors @ encoder.encode_texts([text])[0]
        mine = {sku: rating for sku, rating in ratings.get(query, {}).items() if sku in icecat}
        ranked = [skus[row] for row in np.argsort(-scores) if skus[row] in mine]
        judged.append(judge(ranked, mine))
    condensed = means(judged)["ndcg10_condensed"]
    assert condensed is not None and condensed >= CONDENSED_MIN
