"""For a product that somebody asks after: where it stands among the hits, or at which stage it fell out."""

from functools import partial
from typing import Any, Protocol

from schemas.fusion import DEPTH
from schemas.limits import SEARCH_DEPTH_MAX
from schemas.search import SearchRequest
from schemas.whereabouts import Place, WhereAnswer, WhereQuery
from serving.budget import Budget
from serving.ranking.what_if import smallest_change
from serving.search import Found
from streams.partitioner import partition_of


class Asked(Protocol):
    @property
    def partitions(self) -> range: ...

    async def where(self, query: WhereQuery, budget: Budget) -> WhereAnswer: ...


async def whereabouts(sku: str, request: SearchRequest, found: Found, shards: Asked, budget: Budget) -> dict[str, Any]:
    """`stage`, and what there is to know of it. `shown` and `paging` come with the rank among all hits."""
    partition = partition_of(sku.encode(), len(shards.partitions))
    place = _among_hits(sku, request, found)
    if place is not None:
        return {"sku": sku, "partition": partition, **place}
    filters = found.understood.filters(request.filters)
    query = WhereQuery(
        partition=partition,
        sku=sku,
        vector=found.vector.fp16 if found.vector else None,
        words=found.candidates.words.looked_up,
        filters=filters,
    )
    answer = await budget.attempt("where", partial(shards.where, query, budget), None)
    budget.skipped[:] = [name for name in budget.skipped if name != "where"]  # the hits lack nothing
    told = _unknown(partition) if answer is None else _fell_out(sku, answer, found)
    return {"sku": sku, "partition": partition, **told}


def listed(found: Found) -> list[str]:
    """SKUs of all hits that are known: of all pages, but in another order than by relevance of this one."""
    return [one.sku for one in found.ranked.hits] if found.ranked else [hit.sku for hit in found.hits]


def _among_hits(sku: str, request: SearchRequest, found: Found) -> dict[str, Any] | None:
    skus = listed(found)
    if sku not in skus:
        return None
    first = 0 if found.ranked else (request.page - 1) * request.limit
    rank = first + skus.index(sku) + 1
    page = (rank - 1) // request.limit + 1
    if page == request.page:
        told = _scores(sku, 1, "score_of_first", found) if rank > 1 else {}
        return {"stage": "shown", "rank": rank, "says": f"it is hit {rank}", **told}
    says = f"it is hit {rank}: on page {page}, not on page {request.page}"
    told = _scores(sku, request.limit, "score_of_first_page", found)
    return {"stage": "paging", "rank": rank, "page": page, "says": says, **told}


def _scores(sku: str, first: int, needed_as: str, found: Found) -> dict[str, Any]:
    """What it was ranked by, what the last of the `first` hits has, and what would bring it among them."""
    ranked = found.ranked
    if ranked is None or sku not in ranked.window.place:
        return {}
    needed = ranked.scores.get(ranked.hits[min(first, len(ranked.hits)) - 1].sku)
    change = smallest_change(ranked, sku, first)
    return {
        **ranked.explained(sku),
        needed_as: None if needed is None else round(needed, 6),
        "smallest_change": None if change is None else change._asdict(),
    }


def _unknown(partition: int) -> dict[str, Any]:
    return {"stage": "unknown", "says": f"no replica of partition {partition} told in time"}


def _fell_out(sku: str, answer: WhereAnswer, found: Found) -> dict[str, Any]:
    facts = answer.model_dump(exclude={"state"}, exclude_none=True, exclude_defaults=True)
    if answer.live != "shown":
        hint = f"GET /v1/skus/{sku} tells what the shard knows, GET /v1/events/{{id}} what became of each event"
        return {"stage": "not live", **facts, "says": f"it is not shown: {answer.live}", "hint": hint}
    failed = [name for name, holds in answer.conditions.items() if not holds]
    if failed:
        return {"stage": "filters", **facts, "says": f"it does not pass the filter by {', '.join(failed)}"}
    missed = [*_missed("meaning", answer.meaning), *_missed("words", answer.words)]
    if not missed:
        return {"stage": "newest", **facts, "says": "nothing was searched for, and newer products come first"}
    says = f"it is not among the best {DEPTH} of its partition: {', '.join(missed)}"
    return {"stage": "candidates", **facts, "last": _last(found, answer.state.partition), "says": says}


def _missed(way: str, place: Place | None) -> list[str]:
    if place is None:
        return []
    if place.score is None:
        return [f"it holds none of the {way}"]
    return [f"by {way} it is {f'number {place.rank:,}' if place.rank else f'beyond number {SEARCH_DEPTH_MAX:,}'}"]


def _last(found: Found, partition: int) -> dict[str, float]:
    """The scores that were needed at least: of the last candidate of the partition in each list."""
    answer = found.answers.get(partition)
    near = answer.near.scores[-1:] if answer and answer.near else []
    held = list(found.candidates.words.of(partition).values())[-1:]
    return {**({"meaning": near[0]} if near else {}), **({"words": held[0]} if held else {})}
