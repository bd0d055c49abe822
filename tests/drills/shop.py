"""A shop that never rests: a merchant who imports and changes products, and a storefront that asks all the time."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from tests.system.conftest import http

PROBES = 40
"""Products that change in turn; one answer holds them all (at most HITS_MAX)."""
PROBE_BRAND = "Probe"
ASK_EVERY_S = 0.05
ANSWER_S = 2.0
ACKNOWLEDGE_S = 90.0
"""The merchant repeats what was not acknowledged for so long."""
RETRY_S = 0.2


class Merchant:
    """Sends events to the HTTP door until each is acknowledged, and remembers their ids."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._lock = threading.Lock()
        self._acked: list[str] = []

    def send(self, events: Sequence[Mapping[str, Any]]) -> list[str]:
        """Event ids in the order of `events`."""
        ids: dict[int, str] = {}
        until = time.monotonic() + ACKNOWLEDGE_S
        while waiting := [number for number in range(len(events)) if number not in ids]:
            assert time.monotonic() < until, f"{len(waiting)} events were not acknowledged within {ACKNOWLEDGE_S:g} s"
            body = orjson.dumps([events[number] for number in waiting])
            status, answer = http("POST", f"{self._url}/v1/catalog", body, ANSWER_S)
            lines = answer["events"] if status == 202 else []
            taken = {waiting[line["line"] - 1]: line["event_id"] for line in lines if line.get("event_id")}
            ids |= taken
            with self._lock:
                self._acked += taken.values()
            if len(ids) < len(events):
                time.sleep(RETRY_S)
        return [ids[number] for number in range(len(events))]

    def acked(self) -> list[str]:
        with self._lock:
            return list(self._acked)


class Loop:
    """Calls `turn` with 0, 1, 2 ... at a steady rate in the background while the `with` block lasts."""

    def __init__(self, turn: Callable[[int], None], rate: float) -> None:
        self._turn = turn
        self._every_s = 1 / rate
        self._stop = threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "Loop":
        self._thread.start()
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self._stop.set()
        self._thread.join()
        if self._failure is not None and error is None:
            raise self._failure

    def _run(self) -> None:
        number, due = 0, time.monotonic()
        try:
            while not self._stop.wait(max(0.0, due - time.monotonic())):
                self._turn(number)
                number, due = number + 1, max(due + self._every_s, time.monotonic() - 1.0)
        except BaseException as failure:  # noqa: BLE001  raised again where the block ends
            self._failure = failure


def product(number: int, count: int) -> dict[str, Any]:
    """Of an endless import: after `count` products it begins again, with changed descriptions."""
    turn, which = divmod(number, count)
    return {
        "type": "upsert",
        "sku": f"import-{which}",
        "title": f"Lamp number {which}",
        "description": f"It stands on the desk of room {which}, since year {turn}.",
        "price": {"amount": float(which % 90), "currency": "EUR"},
    }


def probe(number: int) -> dict[str, Any]:
    return {
        "type": "upsert",
        "sku": f"probe-{number % PROBES}",
        "version": number,
        "title": f"Probe lamp {number}",
        "brand": PROBE_BRAND,
        "stock": number + 1,
    }


def shown_probe(hit: Mapping[str, Any]) -> int:
    """The number of the probe that a hit shows, with its content and its offer. A repeated event has no place of its
    own in the answers, so numbers are compared, not orders."""
    stock: int = (hit["offer"] or {}).get("stock", 0)
    return min(int(hit["content"]["title"].rsplit(" ", 1)[1]), stock - 1)


Place = tuple[int, int]
"""(generation, offset): an order."""


@dataclass(frozen=True)
class Question:
    """One search as the storefront saw it, on the monotonic clock."""

    asked_s: float
    answered_s: float
    status: int
    degraded: tuple[str, ...]


@dataclass(frozen=True)
class Found:
    """A change, from its acknowledgement to the first answer that showed it."""

    acked_s: float
    found_s: float

    @property
    def wait_s(self) -> float:
        return self.found_s - self.acked_s


@dataclass
class Storefront:
    """Asks one question after the other, so that what an answer shows may never be older than the one before."""

    url: str
    merchant: Merchant
    questions: list[Question] = field(default_factory=list)
    found: list[Found] = field(default_factory=list)
    went_back: list[str] = field(default_factory=list)
    _waiting: dict[int, float] = field(default_factory=dict)
    """Number of a probe that no answer has shown yet, and when it was acknowledged."""
    _newest: dict[str, tuple[Place, Place]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def send_probe(self, number: int) -> None:
        self.merchant.send([probe(number)])
        with self._lock:
            self._waiting[number] = time.monotonic()

    def ask(self, number: int) -> None:
        body: dict[str, Any] = {"text": f"probe lamp {number % 7}", "limit": 100, "filters": {"brand": [PROBE_BRAND]}}
        body["fallback"] = []  # other products instead of the probes would say nothing of them
        asked_s = time.monotonic()
        status, answer = http("POST", f"{self.url}/v1/search", body, ANSWER_S)
        degraded = tuple(answer["degraded"]) if status == 200 else ()
        self.questions.append(Question(asked_s, time.monotonic(), status, degraded))
        if status == 200:
            orders = {hit["sku"]: (_place(hit["content_order"]), _place(hit["offer_order"])) for hit in answer["hits"]}
            # Without its vector a query finds what has its words, and a change has them from the next commit on.
            whole = not any(stage.startswith(("shard", "encode")) for stage in degraded)
            self._compare(orders, whole)
            self._tick_off({hit["sku"]: shown_probe(hit) for hit in answer["hits"]})

    def _compare(self, shown: dict[str, tuple[Place, Place]], whole: bool) -> None:
        for sku, (content, offer) in shown.items():
            before = self._newest.get(sku, ((0, 0), (0, 0)))
            if content < before[0] or offer < before[1]:
                self.went_back.append(f"{sku}: {before} and then {(content, offer)}")
            self._newest[sku] = (max(content, before[0]), max(offer, before[1]))
        if whole and (gone := self._newest.keys() - shown.keys()):
            self.went_back.append(f"no longer shown: {sorted(gone)}")

    def _tick_off(self, shown: dict[str, int]) -> None:
        now_s = time.monotonic()
        with self._lock:
            done = [number for number in self._waiting if shown.get(probe(number)["sku"], -1) >= number]
            self.found += [Found(self._waiting.pop(number), now_s) for number in done]

    def waiting(self) -> int:
        """Changes that are acknowledged and were in no answer yet."""
        with self._lock:
            return len(self._waiting)


def _place(order: list[int] | None) -> Place:
    return (order[0], order[1]) if order else (0, 0)
