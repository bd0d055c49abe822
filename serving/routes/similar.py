"""`GET /v1/skus/{sku}/similar`: products like one product."""

from typing import Final

from aiohttp import web
from pydantic import BaseModel, ConfigDict

from schemas.hits import Hit
from serving.budget import Budget
from serving.keys.grant import GRANT
from serving.keys.limiting import forced_filters
from serving.parts import WIRING
from serving.revalidating import kept_for
from serving.routes.route import Parameter, Route, answer_model
from serving.routes.search import admitted, observe
from serving.routes.skus import TIMEOUT_S, not_here, sku_of
from serving.shard_answers import SkuOnShard
from serving.similar import similar
from serving.whole_numbers import whole_number
from streams.partitioner import partition_of

SIMILAR: Final = 8
SIMILAR_MAX: Final = 30


class SimilarAnswer(BaseModel):
    """Products like one product."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    sku: str
    hits: list[Hit]
    """The nearest first, by `score`, the cosine of the two products; never the product itself."""
    took_ms: float
    degraded: list[str]
    """What is missing, as in a search: `shard-0` for the products of this partition."""


async def get_similar(request: web.Request) -> web.Response:
    wiring, sku = request.app[WIRING], sku_of(request)
    limit = whole_number("limit", request.query.get("limit", str(SIMILAR)), 1, SIMILAR_MAX)
    only, home = (
        forced_filters(request[GRANT], wiring.facets),
        partition_of(sku.encode(), len(wiring.shards.partitions)),
    )
    with admitted(wiring) as inside:
        budget = Budget(wiring.settings.search_budget_ms / 1000, wiring.clock)
        inside.started_s = wiring.clock()
        itself = await wiring.shards.sku(home, sku, TIMEOUT_S, None, only)
        if itself.hit is None or (not only.empty and not itself.passes):
            raise not_here(sku, itself if only.empty else SkuOnShard(hit=None, state=itself.state))
        hits = await similar(sku, limit, only, wiring, budget)
        observe(budget, wiring)
    found = SimilarAnswer(sku=sku, hits=hits, took_ms=round(budget.took_ms(), 3), degraded=sorted(budget.skipped))
    if found.degraded:
        return answer_model(found)
    return kept_for(request, answer_model(found), 0, found.model_dump_json(include={"hits"}).encode())


ROUTES = (
    Route(
        "GET",
        "/v1/skus/{sku}/similar",
        get_similar,
        "Products like one product",
        SimilarAnswer,
        scope="search",
        parameters=(
            Parameter("sku", "path", "The product's SKU, percent-encoded"),
            Parameter("limit", "query", f"Most products; {SIMILAR}, at most {SIMILAR_MAX}", "integer"),
        ),
        problems=(400, 404, 503),
    ),
)
