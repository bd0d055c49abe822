"""Peers that do badly, each in its own way; `bench.peers.child` finds them by their names."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bench.peers.exact import Exact
from bench.peers.protocol import Skus, Vectors

UNTIL_KILLED = "import time\nwhile True: time.sleep(1)"


class Refuses(Exact):
    """Takes the catalogue, and no upsert after it."""

    def load(self, skus: Skus, vectors: Vectors) -> None:
        super().load(skus, vectors)
        self.loaded = True

    def upsert(self, skus: Skus, vectors: Vectors) -> None:
        if hasattr(self, "loaded"):
            raise RuntimeError("the disk is full")
        super().upsert(skus, vectors)


class NoFilter(Exact):
    def search_group(self, vector: npt.NDArray[np.float32], limit: int, group: int) -> None:  # type: ignore[override]
        return None


class Blurred(Exact):
    """Finds what it should only with `enough` candidates."""

    ef: int | None = 0
    enough = 0

    def search(self, vector: npt.NDArray[np.float32], limit: int) -> list[int]:
        found = super().search(vector, limit)
        return found if (self.ef or 0) >= self.enough else found[: limit // 2]


class Hides(Exact):
    """Acknowledges upserts that no search ever sees."""

    def upsert(self, skus: Skus, vectors: Vectors) -> None:
        if not self._places:
            super().upsert(skus, vectors)


class Holds(Exact):
    """Each upsert waits until somebody lets it go."""

    def __init__(self, folder: Path, dim: int) -> None:
        super().__init__(folder, dim)
        self.let_go = threading.Event()
        self.batches: list[int] = []

    def upsert(self, skus: Skus, vectors: Vectors) -> None:
        self.let_go.wait()
        super().upsert(skus, vectors)
        self.batches.append(len(skus))


class Dies(Exact):
    """Starts a server outside its process group, and is gone in the middle of the load."""

    def __init__(self, folder: Path, dim: int) -> None:
        super().__init__(folder, dim)
        server = subprocess.Popen([sys.executable, "-c", UNTIL_KILLED, str(folder)], start_new_session=True)
        Path(os.environ["SERVER_PID_FILE"]).write_text(str(server.pid))

    def load(self, skus: Skus, vectors: Vectors) -> None:
        os.write(2, b"out of memory\n")
        os._exit(3)


class Sleeps(Exact):
    def load(self, skus: Skus, vectors: Vectors) -> None:
        time.sleep(3600)
