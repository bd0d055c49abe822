"""Decides how much an importer may send: at most IMPORT_LAG_S seconds of work queued, so live changes stay fresh."""

from collections import deque

TARGET_SHARE = 0.5
"""Aims at half of the allowed lag: the limit holds even if the drain rate halves before the next look."""
START_PER_S = 50.0
"""Assumed until something was measured: a slow CPU encodes more than that."""
PER_S_MAX = 4_000.0
WINDOW_S = 4.0
"""The drain rate is measured over this long: agents commit in batches, shorter windows are lumpy."""
STARVED_S = 0.5
"""Less queued work than this: the pipeline waits for us, so its measured rate says nothing."""
AHEAD = 2.0
"""Between two looks at most this many times what drains meanwhile is sent."""
LOOK_S_MAX = 2.0


class Pace:
    """Says how many events may be sent now. No clock and no I/O: times are arguments, seconds of one clock."""

    def __init__(self, lag_s: float) -> None:
        self._lag_s = lag_s
        self._seen: deque[tuple[float, int, int]] = deque()
        self._room = 0
        self.per_s = START_PER_S
        """Events per second that the pipeline takes, as far as we know."""
        self.queued = 0
        """Events that were waiting at the last look."""

    def observe(self, now_s: float, acknowledged: int, queued: int) -> None:
        """`acknowledged`: our events so far; `queued`: events of everybody that wait in all stages."""
        elapsed_s = now_s - self._seen[-1][0] if self._seen else 1.0
        if elapsed_s <= 0:
            return
        self._seen.append((now_s, acknowledged, queued))
        while len(self._seen) > 2 and self._seen[1][0] <= now_s - WINDOW_S:
            self._seen.popleft()
        self.queued = queued
        self._learn(self._drained_per_s(), elapsed_s)
        target = int(self.per_s * self._lag_s * TARGET_SHARE)
        step = int(self.per_s * min(elapsed_s, LOOK_S_MAX) * AHEAD) or 1
        self._room = max(0, min(target - queued, step))
        if len(self._seen) == 1:
            self._room = max(0, target - queued)

    def _drained_per_s(self) -> float:
        first, last = self._seen[0], self._seen[-1]
        if last[0] <= first[0]:
            return 0.0
        return max(0.0, ((last[1] - first[1]) - (last[2] - first[2])) / (last[0] - first[0]))

    def _learn(self, drained_per_s: float, elapsed_s: float) -> None:
        if len(self._seen) < 2:
            return
        if self.queued < self.per_s * STARVED_S:
            grown = self.per_s * (1 + min(elapsed_s, 1.0))
            self.per_s = min(PER_S_MAX, max(drained_per_s, grown))
        else:
            self.per_s = min(PER_S_MAX, max(1.0, drained_per_s))

    def room(self) -> int:
        """Events that may be sent before the next `observe`."""
        return self._room

    def take(self, events: int) -> None:
        self._room -= events
