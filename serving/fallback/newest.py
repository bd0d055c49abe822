"""Step `newest`: the query and the filters that may be left out are left aside; the newest products are shown."""

from schemas.fallback import Fallback
from serving.fallback.relaxing import relaxable, relaxed
from serving.fallback.step import Again, Landed, Missed, any_hits
from serving.understanding.understand import Understood

NOTHING_ASKED = Understood("", "")


async def newest(missed: Missed, again: Again) -> Landed | None:
    asked, price = missed.request.filters, missed.understood.price
    way = relaxed(asked, price, relaxable(asked, price))
    request = missed.request.model_copy(update={"text": "", "filters": way.asked})
    found = await again.search(request, NOTHING_ASKED)
    return (
        Landed(found, Fallback(step="newest", text="", relaxed=list(way.names))) if any_hits(request, found) else None
    )
