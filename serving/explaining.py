"""What `explain` tells of a search."""

from collections.abc import Sequence
from typing import Any

from schemas.fusion import Fused
from schemas.search import SearchRequest
from serving.budget import Budget
from serving.personal import explained_session, moves
from serving.ranking.ranking import Ranking
from serving.search import Found


def explained(
    asked: SearchRequest, found: Found, ranking: Ranking, budget: Budget, at_ms: int, with_items: bool
) -> dict[str, Any]:
    """What the session did is told only `with_items`: GET /v1/sessions/{id} needs the admin key too."""
    leaning, candidates = found.leaning, found.candidates
    first = (asked.page - 1) * asked.limit + 1
    return {
        "stages_ms": dict(budget.spent_ms),
        "query_vector": found.vector.source if found.vector else "none",
        "depth": found.depth,
        "candidates": {
            str(partition): {
                "words": len(candidates.words.of(partition)),
                "meaning": len(answer.near.skus) if answer.near else 0,
            }
            for partition, answer in found.answers.items()
        },
        "words": candidates.words.explained(),
        "doubts": candidates.words.doubted(),
        "senses": {one.text: one.weight for one in found.senses},
        "match": found.matched.counting.match,
        "matching": {str(partition): answer.matching for partition, answer in found.answers.items()},
        "hits": {
            sku: {**told, **(found.ranked.explained(sku) if found.ranked else {})}
            for sku, told in candidates.explained(found.hits).items()
        },
        "ranking": found.ranked.told if found.ranked else None,
        "fits": {hit.sku: hit.fit for hit in found.hits if hit.fit is not None},
        "wishes": found.understood.wishes.model_dump(exclude={"before", "after"}, exclude_defaults=True),
        **({"session": explained_session(leaning, at_ms)} if with_items else {}),
        "moves": moves(found.hits, candidates, without_session(found, ranking, asked), first) if leaning else {},
    }


def without_session(found: Found, ranking: Ranking, asked: SearchRequest) -> Sequence[Fused]:
    """The same candidates, ranked as if nothing were known of the session."""
    wanted = len(found.understood.wanted)
    return ranking.ranked(asked, found.candidates, found.candidates.fused(0.0), wanted).hits
