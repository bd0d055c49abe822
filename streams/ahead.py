"""Reads ahead: an iterator goes on in a thread of its own while what it gave is worked on."""

from collections.abc import Iterable, Iterator
from queue import Full, Queue
from threading import Event, Thread
from typing import Final, Generic, NamedTuple, TypeVar

T = TypeVar("T")
LOOK_S: Final = 0.1
"""How often a thread that waits for room looks whether anybody still wants what it has."""


class _Item(NamedTuple, Generic[T]):
    value: T


class _End(NamedTuple):
    error: BaseException | None


def ahead(items: Iterable[T], count: int) -> Iterator[T]:
    """The same items in the same order, at most `count` of them waiting; what `items` raises comes after the last one.

    Who leaves the loop early waits for the item that is being made; then the thread has ended.
    """
    waiting: Queue[_Item[T] | _End] = Queue(count)
    unwanted = Event()
    thread = Thread(target=_make, args=(items, waiting, unwanted), name="ahead", daemon=True)
    thread.start()
    try:
        while isinstance(found := waiting.get(), _Item):
            yield found.value
        if found.error is not None:
            raise found.error
    finally:
        unwanted.set()
        thread.join()


def _make(items: Iterable[T], waiting: "Queue[_Item[T] | _End]", unwanted: Event) -> None:
    error: BaseException | None = None
    try:
        for item in items:
            _put(_Item(item), waiting, unwanted)
            if unwanted.is_set():
                return
    except BaseException as raised:  # noqa: BLE001  it is raised where the items are taken
        error = raised
    _put(_End(error), waiting, unwanted)


def _put(one: "_Item[T] | _End", waiting: "Queue[_Item[T] | _End]", unwanted: Event) -> None:
    while not unwanted.is_set():
        try:
            waiting.put(one, timeout=LOOK_S)
        except Full:
            continue
        return
