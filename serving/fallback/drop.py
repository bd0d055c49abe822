"""Step `drop`: the query without its least useful words, as long as most of it is left."""

from dataclasses import replace

from schemas.fallback import Fallback
from schemas.shorter import shorter
from serving.fallback.step import Again, Landed, Missed, any_hits


async def drop(missed: Missed, again: Again) -> Landed | None:
    """Where the meaning ranks too, the hits stay as they are, and it is said what they lack: no word was demanded, and
    one that no product holds may still mean something."""
    if not missed.by_words:
        return None
    words, text = missed.found.candidates.words, missed.understood.looked_up
    filters = missed.understood.filters(missed.request.filters)
    for dropped, left in shorter(text, words.rarities, words.unknown):
        holding = words.holding_without(left)
        if holding is None:  # the shards were asked for other words, or know other words than all of them together
            holding = await again.holding(left, missed.request, filters, missed.below)
        if holding < missed.below:
            continue
        found = missed.found
        if found.vector is None:
            found = await again.search(missed.request, replace(missed.understood, words=left))
        if any_hits(missed.request, found):
            return Landed(found, Fallback(step="drop", text=left, dropped=list(dropped)))
    return None
