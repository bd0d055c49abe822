"""What the shards are asked: searches, single products, events that became searchable, vectors, and how they are."""

from collections.abc import Callable, Sequence
from urllib.parse import quote

import orjson

from schemas.errors import Unavailable
from schemas.filters import NO_FILTERS, Filters
from schemas.read_token import Offsets
from schemas.records import Order
from schemas.shard_messages import (
    HitsAnswer,
    HitsQuery,
    ShardAnswer,
    ShardQuery,
    VectorsAnswer,
    VectorsQuery,
    WordsAnswer,
    WordsQuery,
)
from schemas.shards import StateAnswer
from schemas.suggest import ShardSuggestions, SuggestQuery
from schemas.versions import VersionAnswer
from schemas.whereabouts import WhereAnswer, WhereQuery
from serving.budget import Budget
from serving.replica import WORDS
from serving.router import Router
from serving.shard_answers import SeenAnswer, SkuOnShard, VocabularyAnswer
from serving.shard_http import ShardHttp


class Shards:
    """Every question goes to one replica of its partition, through the router. All but `state_of` raise Unavailable, or
    Overloaded when all replicas have too much to do."""

    def __init__(self, router: Router, http: ShardHttp, clock: Callable[[], float]) -> None:
        self.router = router
        self._http = http
        self._clock = clock

    @property
    def partitions(self) -> range:
        return self.router.addresses.partitions

    async def search(self, query: ShardQuery, budget: Budget, floor: Offsets | None = None) -> ShardAnswer:
        """Hits of one partition, asked within what is left of the budget; of a replica at or past `floor` if there is
        one."""

        async def ask(address: str, left_s: float) -> ShardAnswer:
            return await self._http.ask(f"{address}/search", left_s, ShardAnswer, _within(query, left_s))

        return await self.router.first(query.partition, "search", ask, self._clock() + budget.left_s(), floor)

    async def words(self, query: WordsQuery, timeout_s: float, floor: Offsets | None = None) -> WordsAnswer:
        """What one partition has by words, of a replica whose index is there; at or past `floor` if there is one."""

        async def ask(address: str, left_s: float) -> WordsAnswer:
            answer = await self._http.ask(f"{address}/words", left_s, WordsAnswer, _within(query, left_s))
            if answer.missing:
                raise Unavailable(answer.missing)
            return answer

        return await self.router.first(query.partition, WORDS, ask, self._clock() + timeout_s, floor)

    async def suggest(self, query: SuggestQuery, budget: Budget) -> ShardSuggestions:
        """What one partition suggests, asked within what is left of the budget."""

        async def ask(address: str, left_s: float) -> ShardSuggestions:
            return await self._http.ask(f"{address}/suggest", left_s, ShardSuggestions, _within(query, left_s))

        return await self.router.first(query.partition, "suggest", ask, self._clock() + budget.left_s())

    async def hits(self, partition: int, skus: Sequence[str], budget: Budget, floor: Offsets) -> HitsAnswer:
        """Whole hits, of a replica at or past `floor`."""
        body = HitsQuery(partition=partition, skus=list(skus)).model_dump_json().encode()

        async def ask(address: str, left_s: float) -> HitsAnswer:
            return await self._http.ask(f"{address}/hits", left_s, HitsAnswer, body)

        return await self.router.first(partition, "hits", ask, self._clock() + budget.left_s(), floor)

    async def sku(
        self, partition: int, sku: str, timeout_s: float, floor: Offsets | None = None, filters: Filters = NO_FILTERS
    ) -> SkuOnShard:
        """What the freshest replica knows of a SKU, of those at or past `floor` if there is one; of a product that does
        not pass the filters nothing."""
        path = f"/skus/{quote(sku, safe='')}?partition={partition}"
        if not filters.empty:
            path += f"&filters={quote(filters.model_dump_json(by_alias=True, exclude_none=True), safe='')}"

        async def ask(address: str, left_s: float) -> SkuOnShard:
            return await self._http.ask(address + path, left_s, SkuOnShard)

        return await self.router.first(partition, "sku", ask, self._clock() + timeout_s, floor, freshest=True)

    async def seen(self, partition: int, events: Sequence[tuple[str, Order]], timeout_s: float) -> SeenAnswer:
        """What the freshest replica has seen of each (SKU, order of its event)."""

        async def ask(address: str, left_s: float) -> SeenAnswer:
            return await self.seen_at(address, partition, events, left_s)

        return await self.router.first(partition, "seen", ask, self._clock() + timeout_s, freshest=True)

    async def seen_at(
        self, address: str, partition: int, events: Sequence[tuple[str, Order]], timeout_s: float
    ) -> SeenAnswer:
        """The same of one replica."""
        asked = [{"sku": sku, "order": list(order)} for sku, order in events]
        body = orjson.dumps({"partition": partition, "events": asked})
        answer = await self._http.ask(f"{address}/seen", timeout_s, SeenAnswer, body)
        if len(answer.seen) != len(asked):
            raise Unavailable(f"the shard told of {len(answer.seen)} events instead of {len(asked)}")
        return answer

    def replicas_of(self, partition: int) -> dict[str, str]:
        """Addresses by name."""
        return {one.name: one.address for one in self.router.replicas(partition)}

    def taken_out(self, partition: int) -> frozenset[str]:
        """Names of replicas that answer nothing, because they are known to be wrong."""
        return self.router.taken_out(partition)

    async def vectors(self, partition: int, skus: list[str], timeout_s: float) -> VectorsAnswer:
        """Vectors of products as a replica shows them."""
        body = VectorsQuery(partition=partition, skus=skus).model_dump_json().encode()

        async def ask(address: str, left_s: float) -> VectorsAnswer:
            return await self._http.ask(f"{address}/vectors", left_s, VectorsAnswer, body)

        return await self.router.first(partition, "vectors", ask, self._clock() + timeout_s)

    async def vocabulary(self, partition: int, timeout_s: float) -> VocabularyAnswer:
        """What a replica calls the products that it shows."""
        path = f"/vocabulary?partition={partition}"

        async def ask(address: str, left_s: float) -> VocabularyAnswer:
            return await self._http.ask(address + path, left_s, VocabularyAnswer)

        return await self.router.first(partition, "vocabulary", ask, self._clock() + timeout_s)

    async def where(self, query: WhereQuery, budget: Budget) -> WhereAnswer:
        """Where one product stands beside a query."""
        body = query.model_dump_json().encode()

        async def ask(address: str, left_s: float) -> WhereAnswer:
            return await self._http.ask(f"{address}/where", left_s, WhereAnswer, body)

        return await self.router.first(query.partition, "where", ask, self._clock() + budget.left_s())

    async def version(self, partition: int, timeout_s: float) -> VersionAnswer:
        """From what a replica would answer now."""
        path = f"/version?partition={partition}"

        async def ask(address: str, left_s: float) -> VersionAnswer:
            return await self._http.ask(address + path, left_s, VersionAnswer)

        return await self.router.first(partition, "version", ask, self._clock() + timeout_s)

    async def state_of(self, address: str, timeout_s: float) -> StateAnswer:
        """All partitions of one process. Raises Unavailable."""
        return await self._http.ask(f"{address}/state", timeout_s, StateAnswer)

    def addresses(self) -> list[str]:
        """Each process once: one may serve several partitions."""
        every = (address for partition in self.partitions for address in self.router.addresses.of(partition))
        return list(dict.fromkeys(every))


def _within(query: ShardQuery | WordsQuery | SuggestQuery, left_s: float) -> bytes:
    """The question, to be answered within what is left."""
    left_ms = max(1, int(left_s * 1000))
    return query.model_copy(update={"budget_ms": left_ms}).model_dump_json().encode()
