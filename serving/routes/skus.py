"""`GET /v1/skus/{sku}`: a product as the storefront sees it now."""

from typing import Literal

from aiohttp import web
from pydantic import BaseModel, ConfigDict

from schemas.hits import Hit, ShardState
from schemas.limits import SKU_CHARS_MAX
from serving.keys.grant import GRANT
from serving.keys.limiting import forced_filters
from serving.parts import WIRING
from serving.problems import Refusal, retry_after
from serving.revalidating import kept_for
from serving.routes.at_least import AT_LEAST, HEADER, tokens_in
from serving.routes.route import Parameter, Route, answer_model
from serving.shard_answers import SkuOnShard
from streams.partitioner import partition_of

TIMEOUT_S = 1.0
WAIT_S = 1.0
"""A replica that holds what the client has seen is waited for so long."""


class SkuAnswer(BaseModel):
    """A product as it is served, and the state of the shard that served it."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    sku: str
    hit: Hit
    waiting: Literal["document", "offer"] | None
    """`offer`: price and stock are not here yet."""
    state: ShardState


async def get_sku(request: web.Request) -> web.Response:
    wiring, sku = request.app[WIRING], request.match_info["sku"]
    if len(sku) > SKU_CHARS_MAX:
        raise Refusal(400, "invalid_sku", f"a SKU has at most {SKU_CHARS_MAX} characters")
    partition = partition_of(sku.encode(), len(wiring.shards.partitions))
    tokens = [token for token in wiring.reading.read(tokens_in(request)) if token.partition == partition]
    only = forced_filters(request[GRANT], wiring.facets)
    floor = (await wiring.reading.reach(tokens, WAIT_S)).offsets.get(partition)
    found = await wiring.shards.sku(partition, sku, TIMEOUT_S, floor, only)
    if tokens and not (floor and floor.within(found.state.offsets)):
        raise Refusal(
            503,
            "not_yet",
            f"no replica holds what {HEADER} asks for yet",
            hint="Try again in a moment, or leave the header out.",
            facts={"state": found.state.model_dump()},
            headers=retry_after(1),
        )
    if found.hit is None or (not only.empty and not found.passes):
        raise not_here(sku, found if only.empty else SkuOnShard(hit=None, state=found.state))
    said = answer_model(SkuAnswer(sku=sku, hit=found.hit, waiting=found.waiting, state=found.state))
    shown = found.model_dump_json(include={"hit", "waiting"}).encode()  # the state moves with every other product
    return kept_for(request, said, 0, shown)


def not_here(sku: str, found: SkuOnShard) -> Refusal:
    """404 that says what is known of the product."""
    facts = {"deleted": found.deleted, "waiting": found.waiting, "state": found.state.model_dump()}
    if found.waiting == "document":
        return Refusal(404, "waiting_for_encoder", f"{sku!r} is accepted and not embedded yet", facts=facts)
    if found.deleted:
        return Refusal(404, "deleted", f"{sku!r} was deleted", facts=facts)
    return Refusal(404, "unknown_sku", f"there is no product {sku!r}", facts=facts)


ROUTES = (
    Route(
        "GET",
        "/v1/skus/{sku}",
        get_sku,
        "One product as it is served",
        SkuAnswer,
        scope="search",
        parameters=(Parameter("sku", "path", "The product's SKU, percent-encoded"), AT_LEAST),
        problems=(400, 404, 503),
    ),
)
