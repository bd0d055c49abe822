"""What a fault is done to: the running stack, and who sends to it."""

from typing import Any, NamedTuple

from freshet.drills.shop import Merchant
from freshet.drills.up_stack import UpStack


class Stage(NamedTuple):
    up: UpStack
    merchant: Merchant
    seed: int
    """Of what is drawn while a fault lasts."""
    notes: list[dict[str, Any]]
    """Figures that a fault took itself."""
