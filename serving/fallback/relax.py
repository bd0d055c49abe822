"""Step `relax`: the query without some of its filters, as few as will do."""

from dataclasses import replace

from schemas.fallback import Fallback
from serving.fallback.relaxing import Relaxed, least
from serving.fallback.step import Again, Landed, Missed, any_hits


async def relax(missed: Missed, again: Again) -> Landed | None:
    understood, text = missed.understood, missed.understood.looked_up

    async def enough(one: Relaxed) -> bool:
        filters = replace(understood, price=one.price).filters(one.asked)
        if missed.by_words:
            return await again.holding(text, missed.request, filters, missed.below) >= missed.below
        return await again.passing(filters) >= missed.below

    way = await least(missed.request.filters, understood.price, enough)
    return None if way is None else await landed(way, missed, again)


async def landed(way: Relaxed, missed: Missed, again: Again) -> Landed | None:
    request = missed.request.model_copy(update={"filters": way.asked})
    found = await again.search(request, replace(missed.understood, price=way.price))
    said = Fallback(step="relax", text=missed.understood.looked_up, relaxed=list(way.names))
    return Landed(found, said) if any_hits(missed.request, found) else None
