"""What the processes of a stack take while a drill lasts: memory, descriptors, threads, and disk by folder."""

import time
from collections import defaultdict
from contextlib import suppress
from typing import Final

import psutil

from bench.process_costs import folder_mb, own_mb
from freshet.drills.shop import Loop
from freshet.drills.slopes import SEEN_MIN, Sample, Slope, slope
from freshet.drills.up_stack import UpStack

EVERY_S: Final = 5.0
SUPERVISOR: Final = "up"
OTHERS: Final = ("kafka", "redis", "logs")
"""Told, not judged: Kafka keeps what was sent for as long as it is told to, and its heap fills until it is collected;
logs grow until they are rotated."""


class Footprints:
    def __init__(self, up: UpStack) -> None:
        self._up = up
        self.samples: dict[tuple[str, str], list[Sample]] = defaultdict(list)
        """By process or folder, and what was measured."""

    def watched(self) -> Loop:
        """While the block lasts."""
        return Loop(lambda _: self.look(), 1 / EVERY_S)

    def look(self) -> None:
        state, now_s = self._up.state(), time.monotonic()
        for name, pid in [(SUPERVISOR, state.pid), *((child.name, child.pid) for child in state.children)]:
            if pid is not None:
                with suppress(psutil.Error):  # it has just died
                    self._note(name, psutil.Process(pid), now_s)
        for folder in self._up.data.iterdir():
            if folder.is_dir():
                with suppress(OSError):  # a part of it has just been removed
                    self.samples[folder.name, "disk MB"].append(Sample(None, now_s, folder_mb(folder)))

    def _note(self, name: str, process: psutil.Process, now_s: float) -> None:
        found = {
            "memory MB": own_mb(process),
            "descriptors": process.num_fds(),
            "threads": process.num_threads(),
        }
        for what, value in found.items():
            self.samples[name, what].append(Sample(process.pid, now_s, float(value)))

    def slopes(self, warm_up_s: float) -> dict[tuple[str, str], Slope]:
        """Those that can be told."""
        found = {key: slope(samples, warm_up_s, SEEN_MIN[key[1]]) for key, samples in sorted(self.samples.items())}
        return {key: one for key, one in found.items() if one is not None}
