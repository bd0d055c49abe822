"""Step `bestsellers`: products of the category that is filtered by, or that the query names; the newest first."""

from schemas.fallback import Fallback
from schemas.search import Filters
from serving.fallback.newest import NOTHING_ASKED
from serving.fallback.relaxing import relaxable, relaxed
from serving.fallback.step import Again, Landed, Missed, any_hits


async def bestsellers(missed: Missed, again: Again) -> Landed | None:
    asked, price = missed.request.filters, missed.understood.price
    category = asked.category[0] if asked.category else await again.category(missed.understood.meaning)
    if category is None:
        return None
    way = relaxed(asked, price, [name for name in relaxable(asked, price) if name != "category"])
    filters: Filters = way.asked.model_copy(update={"category": [category]})
    request = missed.request.model_copy(update={"text": "", "filters": filters})
    found = await again.search(request, NOTHING_ASKED)
    said = Fallback(step="bestsellers", text="", relaxed=list(way.names), category=category)
    return Landed(found, said) if any_hits(request, found) else None
