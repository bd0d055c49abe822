"""The record of one answer in the served log."""

from collections.abc import Callable

from schemas.heard import Heard, Shown
from schemas.search import SearchRequest, SearchResponse
from schemas.served import Served, ServedHit, ServedInputs
from schemas.shard_messages import ShardAnswer
from serving.budget import Budget
from serving.fallback.ladder import Climbed
from serving.search import Found


def served(
    asked: SearchRequest,
    found: Found,
    response: SearchResponse,
    full: bool,
    *,
    budget: Budget,
    at_ms: int,
    climbed: Climbed,
    made_again: Callable[[], tuple[Heard, Shown]],
    why_not: str,
) -> Served:
    """The record of one answer. `full`: with its inputs, and with what `made_again` gives; `why_not`: why it is not."""
    return Served(
        request_id=response.request_id,
        at_ms=at_ms,
        kind="full" if full else "compact",
        text=asked.text,
        limit=asked.limit,
        page=asked.page,
        filters=asked.filters,
        facets=asked.facets,
        sort=asked.sort,
        group_by=asked.group_by,
        group_limit=asked.group_limit,
        session=asked.session,
        personalised=found.leaning is not None,
        found=response.found,
        typing=asked.typing,
        fallback=climbed.said,
        tried=list(climbed.tried),
        skus=[hit.sku for hit in response.hits],
        corrected={word.typed: word.instead for word in found.corrected.words} if found.corrected else {},
        took_ms=response.took_ms,
        degraded=response.degraded,
        made_from=response.made_from,
        encoder=response.encoder,
        inputs=_inputs(found, budget, *made_again()) if full else None,
        not_replayable=why_not,
    )


def _inputs(found: Found, budget: Budget, heard: Heard, shown: Shown) -> ServedInputs:
    """Some hundred candidates: what few answers are logged with."""
    understood = found.understood
    return ServedInputs(
        vector=found.vector.fp16 if found.vector else None,
        vector_from=found.vector.source if found.vector else "",
        session_vector=found.leaning.fp16 if found.leaning else None,
        session_strength=found.leaning.strength if found.leaning else None,
        candidates={str(partition): candidates_of(answer) for partition, answer in found.answers.items()},
        words={str(partition): found.candidates.words.of(partition) for partition in found.answers},
        words_share=found.candidates.words.share,
        depth=found.depth,
        word_fits=found.candidates.word_fits,
        word_affinities={
            sku: drawn for answer in found.answers.values() for sku, drawn in answer.word_affinities.items()
        },
        gone=sorted(sku for answer in found.answers.values() for sku in answer.gone),
        groups={sku: group for answer in found.answers.values() for sku, group in answer.groups.items()},
        popular=_popular(found),
        match=found.matched.counting.match,
        spent_ms=dict(budget.spent_ms),
        price=None if understood.price.empty else understood.price,
        wishes=None if understood.wishes.empty else understood.wishes,
        rank=found.ranked.inputs if found.ranked else None,
        heard=heard,
        shown=shown,
    )


def _popular(found: Found) -> list[str]:
    candidates = {hit.sku for answer in found.answers.values() for hit in answer.hits}
    return [sku for sku in found.popular if sku in candidates]


def candidates_of(answer: ShardAnswer) -> list[ServedHit]:
    """What one partition gave, best first: the nearest, else the newest."""
    near = answer.near
    if near is None:
        return [ServedHit(sku=hit.sku) for hit in answer.hits]
    return [ServedHit(sku=sku, score=score, affinity=affinity, fit=fit) for sku, score, affinity, fit in near.rows()]
