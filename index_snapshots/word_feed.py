"""Feeds the index of words beside the writer: a thread of its own takes what changed and commits now and then."""

import shutil
import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Future
from itertools import chain
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import orjson
import structlog

from index_snapshots.columns import NO_ROW
from index_snapshots.folder import Known, Steps
from index_snapshots.manifest import Manifest, StoredFile
from index_snapshots.stored_words import CopiedWords, link, read_words, write_words
from index_snapshots.view import ShardView
from index_snapshots.word_index import Committed, WordIndex
from index_snapshots.word_text import spoken
from schemas.errors import Unavailable

COMMIT_EVERY_S: Final = 0.15
"""At most one commit in this time, however many changes come."""
HURRIED_EVERY_S: Final = 0.05
"""The same, while somebody waits for them."""
COMMIT_SHARE: Final = 1 / 8
"""Of the time that commits may take: each takes some 40 ms, whatever there is in it; the cores are the searches'."""
WAITING_MAX: Final = 50_000
"""Changes that wait for the index. A writer that is faster for that long (a replay of the log) waits for it."""
PIECE: Final = 64
"""Changes indexed in one go, some ms at most; between them whoever waits for the interpreter gets it."""
COPY_WAIT_S: Final = 10.0
"""A snapshot waits so long for the index; without it the words are built from the snapshot's bodies."""
Numbers = npt.NDArray[np.int64]
LINKED: Final = "words-linked"
"""Subfolder of what a snapshot copies."""
REBUILD_AFTER_S: Final = 5.0
"""After an error (a full disk, say) the index is built again from the shard's products, and tried so often."""

log = structlog.get_logger()


class RowChange(NamedTuple):
    """A row that came, with the body of its product, or went."""

    row: int
    slot: int
    sku: str
    body: bytes | None


class Start(NamedTuple):
    """A snapshot whose index of words may be gone on from."""

    folder: Path
    manifest: Manifest


class WordFeed:
    """The words of one shard. `take` is for the shard's writer, `now` for searches, in any thread."""

    def __init__(
        self,
        folder: Path,
        view: ShardView,
        declared: Collection[str],
        clock: Callable[[], float] = time.monotonic,
        start: Start | None = None,
    ) -> None:
        """`folder` belongs to this index alone and is emptied: it holds the products of `view`, taken from the index of
        a snapshot (`start`) as far as that has them, else built from their bodies."""
        self._folder, self._declared, self._clock, self._start = folder, declared, clock, start
        self._copies: list[tuple[Path, Future[CopiedWords]]] = []
        self._changed = threading.Condition()
        self._waiting: deque[RowChange] = deque()
        self._view = view
        """As of the last change that was taken."""
        self._committed: Committed | None = None
        self._done = view.offsets.documents - 1
        self._closing = self._hurried = False
        self.failed = ""
        """Why there is no index at the moment."""
        self._thread = threading.Thread(target=self._forever, name="words", daemon=True)
        self._thread.start()

    def take(self, changes: Sequence[RowChange], view: ShardView) -> None:
        """What changed between the view before and this one. Waits only where WAITING_MAX changes wait."""
        with self._changed:
            while len(self._waiting) >= WAITING_MAX and not self._closing:
                self._changed.wait(COMMIT_EVERY_S)
            self._waiting.extend(changes)
            self._view = view
            self._changed.notify_all()

    @property
    def now(self) -> Committed:
        """What can be searched. Raises Unavailable while the index is built, or cannot be."""
        committed = self._committed
        if committed is None:
            raise Unavailable(f"the words cannot be searched now: {self.failed or 'their index is being built'}")
        return committed

    def hurry(self) -> None:
        """Somebody waits for what has come: the next commit is not put off."""
        with self._changed:
            self._hurried = True
            self._changed.notify_all()

    @property
    def offset(self) -> int:
        """Offset of `documents` up to which the words can be searched; it follows the view's."""
        return self._done

    def wait(self, offset: int, timeout_s: float) -> bool:
        """Until the words up to this offset of `documents` can be searched; False: not in time."""
        with self._changed:
            return self._changed.wait_for(lambda: self._done >= offset or self._closing, timeout_s)

    def store(self, folder: Path, steps: Steps, known: Known) -> dict[str, StoredFile]:
        """Writes the index as of its last commit into a snapshot in `folder`; returns its files by part.

        It may be ahead of the snapshot's view, or behind: whoever starts from it compares the rows. Without an index it
        writes nothing. Raises OSError.
        """
        linked = folder / LINKED
        shutil.rmtree(linked, ignore_errors=True)
        asked: Future[CopiedWords] = Future()
        with self._changed:
            self._copies.append((linked, asked))
            self._changed.notify_all()
        try:
            return write_words(asked.result(COPY_WAIT_S), self._declared, folder, steps, known)
        except TimeoutError:
            asked.cancel()
            log.warning("a snapshot without words", why=self.failed or "their index is being built")
            return {}
        finally:
            shutil.rmtree(linked, ignore_errors=True)

    def close(self) -> None:
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._thread.join()

    def _forever(self) -> None:
        while not self._closing:
            try:
                self._follow(self._built())
            except Exception as error:  # noqa: BLE001  searches go on without words meanwhile
                self._committed, self.failed = None, str(error) or repr(error)
                log.error("the words cannot be indexed, they will be built again", error=self.failed)
                with self._changed:
                    self._changed.wait_for(lambda: self._closing, REBUILD_AFTER_S)

    def _built(self) -> WordIndex:
        """An index of all that the newest view holds."""
        with self._changed:
            self._waiting.clear()
            view = self._view
        started_s = self._clock()
        index = self._opened()
        rows, (held, held_rows) = view.columns.whole("row"), index.now.rows()
        wrong, missing = compared(held, held_rows, rows)
        dead = (RowChange(row, slot, "", None) for slot, row in wrong.T.tolist())
        changes = (RowChange(int(rows[slot]), slot, view.words.skus[slot], view.bodies[slot]) for slot in missing)
        for number, change in enumerate(chain(dead, changes)):
            self._put(index, change)
            if self._closing:
                break
            if number % PIECE == 0:
                time.sleep(0)
        self._commit(index, view)
        if view.counts.rows:
            took_s = round(self._clock() - started_s, 2)
            log.info("words indexed", rows=view.counts.rows, read=len(held), built=len(missing), took_s=took_s)
        return index

    def _opened(self) -> WordIndex:
        """The snapshot's, once; else an empty one."""
        shutil.rmtree(self._folder, ignore_errors=True)
        start, self._start = self._start, None
        if start is not None:
            try:
                wrong = read_words(*start, self._declared, self._folder)
                if not wrong:
                    return WordIndex(self._folder)
            except Exception as error:  # noqa: BLE001  whatever is wrong with it, the bodies have it all
                wrong = repr(error)
            log.warning("the snapshot's words are left out, they are built from the products", why=wrong)
            shutil.rmtree(self._folder, ignore_errors=True)
        return WordIndex(self._folder)

    def _follow(self, index: WordIndex) -> None:
        """Until it is closed."""
        try:
            while True:
                with self._changed:
                    self._changed.wait_for(self._has_work)
                    if self._closing:
                        return
                    changes, view = list(self._waiting), self._view
                    self._waiting.clear()
                    self._hurried = False
                    self._changed.notify_all()
                self._give_copies()
                began_s = self._clock()
                if self._apply(index, changes):
                    took_s = self._commit(index, view)
                    self._rest(began_s + HURRIED_EVERY_S, hurried=False)
                    self._rest(began_s + commit_every_s(took_s), hurried=True)
                else:
                    self._told(view)
        finally:
            index.close()

    def _rest(self, until_s: float, *, hurried: bool) -> None:
        """`hurried`: no longer than until somebody waits."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._closing or bool(self._copies) or (hurried and self._hurried), until_s - self._clock()
            )

    def _has_work(self) -> bool:
        return self._closing or bool(self._copies) or self._done < self._view.offsets.documents

    def _give_copies(self) -> None:
        """Between two commits."""
        with self._changed:
            asked, self._copies = self._copies, []
        for folder, future in asked:
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(link(self._folder, folder))
            except OSError as error:
                future.set_exception(error)

    def _apply(self, index: WordIndex, changes: Sequence[RowChange]) -> int:
        """Returns how many changed anything; what came and went in between never reaches the index."""
        gone = {change.row for change in changes if change.body is None}
        came = {change.row for change in changes if change.body is not None}
        kept = [one for one in changes if one.row not in gone or (one.body is None and one.row not in came)]
        for number, change in enumerate(kept):
            self._put(index, change)
            if number % PIECE == 0:
                time.sleep(0)
        return len(kept)

    def _put(self, index: WordIndex, change: RowChange) -> None:
        if change.body is None:
            index.remove(change.slot)
        else:
            index.put(change.row, change.slot, spoken(change.sku, orjson.loads(change.body), self._declared))

    def _commit(self, index: WordIndex, view: ShardView) -> float:
        """Returns how many seconds that took."""
        began_s = self._clock()
        index.commit(view.offsets.documents)
        took_s = self._clock() - began_s
        self._committed, self.failed = index.now, ""
        self._told(view)
        return took_s

    def _told(self, view: ShardView) -> None:
        with self._changed:
            self._done = view.offsets.documents
            self._changed.notify_all()


def compared(held: Numbers, held_rows: Numbers, rows: Numbers) -> tuple[Numbers, list[int]]:
    """What an index holds, by slot (n,) and row (n,), against the newest row of each slot (m,): slots and rows of what
    is to go, (2, k), and the slots that are missing."""
    right = held < len(rows)
    right[right] = rows[held[right]] == held_rows[right]
    has = np.zeros(max(len(rows), int(held.max(initial=-1)) + 1), dtype=np.bool_)
    has[held[right]] = True
    gone = ~has[held]
    return np.array([held[gone], held_rows[gone]]), np.flatnonzero((rows != NO_ROW) & ~has[: len(rows)]).tolist()


def commit_every_s(took_s: float) -> float:
    """The least time from one commit to the next, when the last one took so long."""
    return max(COMMIT_EVERY_S, took_s / COMMIT_SHARE)
