"""What a fault is done to: the running stack, and who sends to it."""

from typing import NamedTuple

from freshet.drills.shop import Merchant
from freshet.drills.up_stack import UpStack


class Stage(NamedTuple):
    up: UpStack
    merchant: Merchant
    seed: int = 0
    """Of what is drawn while a fault lasts."""
