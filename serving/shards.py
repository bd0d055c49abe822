"""Asks the shard processes: for each partition the freshest replica first, the next one when it fails or is slow."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from functools import partial
from typing import Any, Literal, TypeVar
from urllib.parse import quote

import aiohttp
import orjson
from pydantic import BaseModel, ValidationError
from yarl import URL

from schemas.digests import Checkpoints, Scrubbed
from schemas.errors import Unavailable
from schemas.records import Offer, Order, OrderField
from schemas.search import Hit, ShardAnswer, ShardQuery, ShardState, VectorsAnswer, VectorsQuery
from serving.budget import Budget
from serving.hedge import first_good

ANSWER_BYTES_MAX = 64_000_000
HEDGE_SHARE = 0.4
"""The next replica is asked when this share of the time left has passed without an answer."""
FAILED_FOR_S = 1.0
"""A replica that failed or was slow is asked last for so long."""
T = TypeVar("T", bound=BaseModel)


class SkuOnShard(BaseModel):
    """What a shard knows of a SKU."""

    hit: Hit | None
    deleted: bool = False
    waiting: Literal["document", "offer"] | None = None
    """`document`: the encoder is not done with it yet; `offer`: no price and stock yet."""
    state: ShardState


class Seen(BaseModel):
    """What a shard has seen of one event; times in ms since 1970, null when not yet or too long ago."""

    content_order: OrderField | None = None
    offer_order: OrderField | None = None
    live_since: OrderField | None = None
    """Order of the event that created the product."""
    embedded_ms: int | None = None
    content_searchable_ms: int | None = None
    offer_searchable_ms: int | None = None
    title: str | None = None
    """As it is shown now, and the offer too; null when the product is not shown."""
    offer: Offer | None = None


class SeenAnswer(BaseModel):
    seen: list[Seen]
    state: ShardState


class ShardOnProcess(BaseModel):
    """One partition of one replica, as its process reports it."""

    state: ShardState
    rows: int = 0
    visible: int = 0
    held_offers: int = 0
    ready: bool = False
    encoder: str = ""
    dim: int = 0
    applied_records: int = 0
    digest_documents: str = ""
    """32 hex digits over the newest document per SKU, at `state`."""
    digest_offers: str = ""
    checkpoints: Checkpoints = Checkpoints()
    scrub: Scrubbed | None = None
    """Null until the first one is done."""


class StateAnswer(BaseModel):
    shards: list[ShardOnProcess]


class Shards:
    """All partitions with their replicas: `replicas[partition][replica]` is an address like `http://127.0.0.1:9100`.

    `states` gives what is known of how fresh each (partition, replica) is; it may be empty or old.
    """

    def __init__(
        self,
        replicas: Sequence[Sequence[str]],
        session: aiohttp.ClientSession,
        clock: Callable[[], float],
        states: Callable[[], Mapping[tuple[int, int], ShardState]],
        answer_bytes_max: int = ANSWER_BYTES_MAX,
    ) -> None:
        self.replicas = replicas
        self._session = session
        self._clock = clock
        self._states = states
        self._answer_bytes_max = answer_bytes_max
        self._failed_at_s: dict[tuple[int, int], float] = {}

    @property
    def partitions(self) -> range:
        return range(len(self.replicas))

    async def search(self, query: ShardQuery, budget: Budget) -> ShardAnswer:
        """Hits of one partition, asked within what is left of the budget. Raises Unavailable."""

        def ask(address: str) -> Coroutine[Any, Any, ShardAnswer]:
            body = query.model_copy(update={"budget_ms": budget.left_ms()}).model_dump_json().encode()
            return self._call("POST", f"{address}/search", max(budget.left_s(), 0.001), ShardAnswer, body)

        return await self._first(query.partition, ask, budget.left_s())

    async def sku(self, partition: int, sku: str, timeout_s: float) -> SkuOnShard:
        """What the freshest replica knows of a SKU. Raises Unavailable."""
        path = f"/skus/{quote(sku, safe='')}?partition={partition}"
        return await self._first(
            partition, lambda address: self._call("GET", address + path, timeout_s, SkuOnShard), timeout_s
        )

    async def seen(self, partition: int, events: Sequence[tuple[str, Order]], timeout_s: float) -> list[Seen]:
        """What the freshest replica has seen of each (SKU, order of its event). Raises Unavailable."""
        asked = [{"sku": sku, "order": list(order)} for sku, order in events]
        body = orjson.dumps({"partition": partition, "events": asked})
        answer = await self._first(
            partition, lambda address: self._call("POST", f"{address}/seen", timeout_s, SeenAnswer, body), timeout_s
        )
        if len(answer.seen) != len(asked):
            raise Unavailable(f"the shard told of {len(answer.seen)} events instead of {len(asked)}")
        return answer.seen

    async def vectors(self, partition: int, skus: list[str], timeout_s: float) -> VectorsAnswer:
        """Vectors of products as the freshest replica shows them. Raises Unavailable."""
        body = VectorsQuery(partition=partition, skus=skus).model_dump_json().encode()
        return await self._first(
            partition,
            lambda address: self._call("POST", f"{address}/vectors", timeout_s, VectorsAnswer, body),
            timeout_s,
        )

    async def state_of(self, address: str, timeout_s: float) -> StateAnswer:
        """All partitions of one process. Raises Unavailable."""
        return await self._call("GET", f"{address}/state", timeout_s, StateAnswer)

    def addresses(self) -> list[str]:
        """Each process once: one may serve several partitions."""
        return list(dict.fromkeys(address for group in self.replicas for address in group))

    def order(self, partition: int) -> list[int]:
        """Replicas in the order to ask: not failed lately, then the furthest in the log, then by number."""
        states, now_s = self._states(), self._clock()

        def rank(replica: int) -> tuple[bool, int, int]:
            failed_at_s = self._failed_at_s.get((partition, replica))
            state = states.get((partition, replica))
            offsets = state.documents_offset + state.offers_offset if state else -1
            return (failed_at_s is not None and now_s - failed_at_s < FAILED_FOR_S, -offsets, replica)

        return sorted(range(len(self.replicas[partition])), key=rank)

    async def _first(self, partition: int, ask: Callable[[str], Coroutine[Any, Any, T]], left_s: float) -> T:
        hedge_s = left_s * HEDGE_SHARE

        async def one(replica: int) -> T:
            started_s = self._clock()
            try:
                answer = await ask(self.replicas[partition][replica])
            except Unavailable:
                self._failed_at_s[(partition, replica)] = self._clock()
                raise
            except asyncio.CancelledError:
                if self._clock() - started_s >= hedge_s:
                    self._failed_at_s[(partition, replica)] = self._clock()
                raise
            self._failed_at_s.pop((partition, replica), None)
            return answer

        return await first_good([partial(one, replica) for replica in self.order(partition)], hedge_s)

    async def _call(self, method: str, url: str, timeout_s: float, model: type[T], body: bytes | None = None) -> T:
        # Messages name no address: callers from outside see them.
        headers = {"Content-Type": "application/json"} if body is not None else None
        timeout = aiohttp.ClientTimeout(total=timeout_s)
        try:
            async with self._session.request(
                method, URL(url, encoded=True), data=body, headers=headers, timeout=timeout
            ) as response:
                if response.status != 200:
                    raise Unavailable(f"the shard answered {response.status}")
                return model.model_validate_json(await _read(response, self._answer_bytes_max))
        except ValidationError as error:
            raise Unavailable(f"the shard answered something else than {model.__name__}") from error
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise Unavailable(f"the shard does not answer: {type(error).__name__}") from error


async def _read(response: aiohttp.ClientResponse, bytes_max: int) -> bytes:
    parts, size = [], 0
    async for part in response.content.iter_any():
        size += len(part)
        if size > bytes_max:
            raise Unavailable(f"the shard answered more than {bytes_max:,} bytes")
        parts.append(part)
    return b"".join(parts)
