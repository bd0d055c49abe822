"""What is known of a session: its last items, and how much each of them weighs."""

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

from schemas.clicks import CLICK_TYPES, ClickType

SESSION_ITEMS_MAX: Final = 20
"""Different products of a history; with DECAY_ITEMS the 21st would weigh 2 % of the newest."""
HISTORY_MS: Final = 30 * 60_000
"""A session ends so long after its last click, the usual limit of web analytics."""
VECTOR_MS: Final = 30_000
"""No session vector is older than this, nor are the product vectors that it was made from."""

TYPE_WEIGHTS: Final[dict[ClickType, float]] = {"view": 0.5, "click": 1.0, "add_to_cart": 3.0, "purchase": 6.0}
"""How much a sign of interest counts. Click to cart to order as 1 to 3 to 6 is how OTTO weighs them where it evaluates
recommendations for sessions (https://github.com/otto-de/recsys-dataset); a view is half a click."""
DECAY_ITEMS: Final = 5.49
"""An item so many steps back weighs 1/e: exp(-steps / lambda_1) of STAN (Garg et al., SIGIR 2019), with the lambda_1
that was tuned for STAN and V-STAN on the shop data of REES46 (Transformers4Rec, RecSys 2021, appendix C). Steps, not
minutes: no clock decides a weight here."""


class SessionClick(NamedTuple):
    """One accepted click, with its place in the log."""

    session: str
    sku: str
    type: ClickType
    offset: int
    at_ms: int
    """LogAppendTime, ms since 1970."""


class Item(NamedTuple):
    """One product of a history."""

    sku: str
    type: ClickType
    """The strongest that the session did with it."""
    at_ms: int
    """LogAppendTime of the newest click on it, ms since 1970."""


class Place(NamedTuple):
    """How far a history has counted: equal places mean equal histories."""

    log: int
    """Names the log: the offsets of another topic mean nothing here."""
    offset: int


class History(NamedTuple):
    """The last items of a session, newest first, each once."""

    place: Place
    items: tuple[Item, ...]


class SessionVector(NamedTuple):
    """Where a session looks. Only good for a history at the same place, and for vectors of the same encoder."""

    place: Place
    encoder: str
    fp16: bytes
    """Little-endian fp16, shape (dim,), length 1 before rounding."""


class Known(NamedTuple):
    """All that is known of a session: `vector` is one made from this very history, or None."""

    history: History
    vector: SessionVector | None


class Counted(NamedTuple):
    """What became of the clicks of one session that were handed over together."""

    session: str
    clicks: int
    """Counted now."""
    duplicates: int
    """Counted before, refused."""
    history: History


def strongest(one: ClickType, other: ClickType) -> ClickType:
    return max(one, other, key=CLICK_TYPES.index)


def history_left_ms(click: SessionClick, now_ms: int) -> int:
    """How long a history lives after this click; at least 1. A click that is delivered late adds no time."""
    return max(1, HISTORY_MS - max(0, now_ms - click.at_ms))


def session_weights(items: Sequence[Item]) -> list[float]:
    """The share of each item in the session's vector, in the order of `items` (newest first); they sum to 1."""
    raw = [TYPE_WEIGHTS[item.type] * math.exp(-steps / DECAY_ITEMS) for steps, item in enumerate(items)]
    total = math.fsum(raw)
    return [weight / total for weight in raw]
