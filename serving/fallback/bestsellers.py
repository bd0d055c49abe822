"""Step `bestsellers`: the most popular products of the category that is filtered by, or that the query names; where
nothing is known of what is popular there, its newest ones."""

from schemas.fallback import Fallback
from schemas.filters import Filters
from serving.fallback.best_sold import POPULAR_LOOKED_AT_MAX, best_sold
from serving.fallback.newest import NOTHING_ASKED
from serving.fallback.relaxing import relaxable, relaxed
from serving.fallback.step import Again, Landed, Missed, any_hits


async def bestsellers(missed: Missed, again: Again) -> Landed | None:
    asked, price = missed.request.filters, missed.understood.price
    category = asked.category[0] if asked.category else named(missed) or await again.category(missed.understood.meaning)
    if category is None:
        return None
    way = relaxed(asked, price, [name for name in relaxable(asked, price) if name != "category"])
    filters: Filters = way.asked.model_copy(update={"category": [category]})
    request = missed.request.model_copy(update={"text": "", "filters": filters})
    popular = again.stages.ranking.popular.best(POPULAR_LOOKED_AT_MAX)
    found = await best_sold(request, filters, popular, again.shards, again.budget) if popular else None
    if found is None or not any_hits(request, found):
        found = await again.search(request, NOTHING_ASKED)
    said = Fallback(step="bestsellers", text="", relaxed=list(way.names), category=category)
    return Landed(found, said) if any_hits(request, found) else None


def named(missed: Missed) -> list[str] | None:
    """The category that was recognised in the query's words."""
    return next((one.category[0] for one in missed.understood.wanted if one.category), None)
