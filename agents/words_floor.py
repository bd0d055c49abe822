"""Waits until a shard's words hold what a client has seen: their index follows the products by up to a commit."""

import asyncio
import time
from typing import Final

from index_snapshots.word_feed import WordFeed

LOOK_EVERY_S: Final = 0.005
WAIT_SHARE: Final = 0.5
"""Of a question's time; then it is answered without them, and the answer says so."""


async def reached(words: WordFeed | None, documents: int, budget_s: float) -> bool:
    """Whether the words up to this offset of `documents` can be searched, in time."""
    if words is None or words.offset >= documents:
        return True
    words.hurry()
    until_s = time.monotonic() + budget_s * WAIT_SHARE
    while words.offset < documents and time.monotonic() < until_s:
        await asyncio.sleep(LOOK_EVERY_S)
    return words.offset >= documents
