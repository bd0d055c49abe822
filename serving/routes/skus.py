"""`GET /v1/skus/{sku}`: a product as the storefront sees it now."""

from typing import Literal

from aiohttp import web
from pydantic import BaseModel, ConfigDict

from schemas.hits import Hit, ShardState
from schemas.limits import SKU_CHARS_MAX
from serving.journey.events_of import events_of
from serving.journey.journey import journey
from serving.journey.model import Journey
from serving.keys.grant import GRANT
from serving.keys.limiting import forced_filters
from serving.parts import WIRING
from serving.problems import Refusal, retry_after
from serving.revalidating import kept_for
from serving.routes.at_least import AT_LEAST, HEADER, tokens_in
from serving.routes.route import Parameter, Route, answer_model
from serving.shard_answers import SkuOnShard
from serving.whole_numbers import whole_number
from streams.partitioner import partition_of

TIMEOUT_S = 1.0
LOG_TIMEOUT_S = 15.0
EVENTS_DEFAULT = 10
EVENTS_MAX = 100
"""Of a product's journey, newest first."""
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
    wiring, sku = request.app[WIRING], sku_of(request)
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


async def get_journey(request: web.Request) -> web.Response:
    """What became of a product's events, and what each replica shows of it; never kept, so never stale itself."""
    wiring, sku = request.app[WIRING], sku_of(request)
    limit = whole_number("limit", request.query.get("limit", str(EVENTS_DEFAULT)), 1, EVENTS_MAX)
    settings = wiring.settings
    partition = partition_of(sku.encode(), len(wiring.shards.partitions))
    found = await wiring.history.ask(
        lambda reader: events_of(reader, settings.generation, settings.partitions, partition, sku, limit), LOG_TIMEOUT_S
    )
    return answer_model(await journey(sku, partition, found, wiring.shards))


def sku_of(request: web.Request) -> str:
    sku = request.match_info["sku"]
    if len(sku) > SKU_CHARS_MAX:
        raise Refusal(400, "invalid_sku", f"a SKU has at most {SKU_CHARS_MAX} characters")
    return sku


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
    Route(
        "GET",
        "/v1/skus/{sku}/journey",
        get_journey,
        "Why a product is, or is not, what its merchant expects",
        Journey,
        scope="ingest",
        parameters=(
            Parameter("sku", "path", "The product's SKU, percent-encoded"),
            Parameter(
                "limit", "query", f"Most events, newest first; {EVENTS_DEFAULT}, at most {EVENTS_MAX}", "integer"
            ),
        ),
        problems=(400, 404, 503),
    ),
)
