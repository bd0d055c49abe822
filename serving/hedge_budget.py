"""How many second requests may be sent: a share of the first ones, so that hedging never doubles a load."""

from typing import Final

SAVED_MAX: Final = 10.0
"""Hedges that may be saved up: so many at once when a replica stops."""


class HedgeBudget:
    """A token bucket that requests fill: each adds `share` of a hedge."""

    def __init__(self, share: float) -> None:
        self._share = share
        self._saved = SAVED_MAX if share else 0.0

    def asked(self) -> None:
        """A first request was sent."""
        self._saved = min(SAVED_MAX, self._saved + self._share)

    def take(self) -> bool:
        """Whether a hedge may be sent; it counts as sent."""
        if self._saved < 1:
            return False
        self._saved -= 1
        return True
