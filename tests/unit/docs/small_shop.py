"""Three products in a real shard behind the tier: what the examples of the documents are asked of."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.unit.index_snapshots.making import FACETS, content, document, offer
from tests.unit.serving.fakes import Tier
from tests.unit.serving.real_shard import Encoding, RealShard

PRODUCTS = {
    "lamp": content("Brass lamp", "Lumen", ["Home", "Lamps"], {"colour": "green", "watts": 5}),
    "spot": content("Brass spot light", "Orbit", ["Home", "Lamps"], {"colour": "red", "watts": 40}),
    "chair": content("Oak chair", "Lumen", ["Home", "Chairs"], {"colour": "red"}),
}
PRICES = {"lamp": 20.0, "spot": 50.0, "chair": 90.0}


@asynccontextmanager
async def small_shop(folder: Path) -> AsyncIterator[Tier]:
    documents = [document(sku, at, seed=at, of=of) for at, (sku, of) in enumerate(PRODUCTS.items(), 1)]
    offers = [offer(sku, at, price=price) for at, (sku, price) in enumerate(PRICES.items(), 1)]
    real = RealShard(folder, documents, offers)
    facets = [f"{name}:{kind}" for name, kind in FACETS.items()]
    try:
        async with Tier([[real]], encoding=Encoding(), facets=facets, instantsearch_distinct="brand") as tier:
            yield tier
    finally:
        real.feed.close()
