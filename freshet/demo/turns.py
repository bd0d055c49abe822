"""How many things are due: a steady rate that never makes up for a pause by a burst."""

CATCH_UP_S = 0.5


class Turns:
    """Times in seconds of one clock."""

    def __init__(self, now_s: float) -> None:
        self._seen_s = now_s
        self._share = 0.0

    def due(self, now_s: float, per_s: float) -> int:
        """Whole turns since the last call, at most those of CATCH_UP_S; the rest of one is kept."""
        self._share += min(now_s - self._seen_s, CATCH_UP_S) * per_s
        self._seen_s = now_s
        turns = int(self._share)
        self._share -= turns
        return turns
