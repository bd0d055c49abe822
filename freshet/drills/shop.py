"""A shop that never rests: a merchant who changes products, and a storefront that asks for them all the time."""

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import orjson

from freshet.drills.moments import Found
from freshet.drills.patience import NotInTime
from freshet.drills.plain_http import http
from schemas.records import EventId

PROBES = 40
"""Products that change in turn; one answer holds them all (at most HITS_MAX)."""
PROBE_BRAND = "Probe"
UNPRICED = -2
"""In place of a number: the hit has no offer."""
DELETED_EVERY = 7
"""Prime to PROBES: every SKU has its turn."""
ASK_EVERY_S = 0.05
ANSWER_S = 2.0
ACKNOWLEDGE_S = 90.0
"""The merchant repeats what was not acknowledged for so long."""
RETRY_S = 0.2


class Merchant:
    """Sends events to the HTTP door until each is acknowledged, and remembers their ids."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._lock = threading.Lock()
        self._acked: list[str] = []
        self.sent = 0
        """Events, each counted once however often it was tried."""

    def send(self, events: Sequence[Mapping[str, Any]]) -> list[str]:
        """Event ids in the order of `events`. Raises NotInTime when they are not acknowledged."""
        ids: dict[int, str] = {}
        with self._lock:
            self.sent += len(events)
        until = time.monotonic() + ACKNOWLEDGE_S
        while waiting := [number for number in range(len(events)) if number not in ids]:
            if time.monotonic() >= until:
                raise NotInTime(f"{len(waiting)} events were not acknowledged within {ACKNOWLEDGE_S:g} s")
            body = orjson.dumps([events[number] for number in waiting])
            status, answer = http("POST", f"{self.url}/v1/catalog", body, ANSWER_S)
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
    """Each of them is deleted now and then, and made again by the next one of its SKU."""
    event = {"sku": f"probe-{number % PROBES}", "version": number}
    if deletes(number):
        return {**event, "type": "delete"}
    return {**event, "type": "upsert", "title": f"Probe lamp {number}", "brand": PROBE_BRAND, "stock": number + 1}


def deletes(number: int) -> bool:
    return number % DELETED_EVERY == DELETED_EVERY - 1


def shown_probe(hit: Mapping[str, Any]) -> int:
    """The number of the probe that a hit shows, with its content and its offer; UNPRICED without an offer. A repeated
    event has no place of its own in the answers, so numbers are compared, not orders."""
    stock = (hit["offer"] or {}).get("stock")
    return UNPRICED if stock is None else min(int(hit["content"]["title"].rsplit(" ", 1)[1]), stock - 1)


Place = tuple[int, int]
"""(generation, offset): an order."""
FIRST: Final = frozenset({0})
"""The only replica, where there is one."""


@dataclass(frozen=True)
class Question:
    """One search as the storefront saw it, on the monotonic clock."""

    asked_s: float
    answered_s: float
    status: int
    degraded: tuple[str, ...]


class Seen(NamedTuple):
    """A probe in an answer."""

    number: int
    content: Place
    offer: Place


@dataclass
class Storefront:
    """Asks one question after the other, so that what an answer shows may never be older than the one before of the
    same replicas, and what was gone may not be there again unless it was made again."""

    url: str
    merchant: Merchant
    questions: list[Question] = field(default_factory=list)
    found: list[Found] = field(default_factory=list)
    went_back: list[str] = field(default_factory=list)
    _waiting: dict[int, float] = field(default_factory=dict)
    """Number of a probe that no answer has shown yet, and when it was acknowledged."""
    _newest: dict[frozenset[int], dict[str, Seen]] = field(default_factory=lambda: defaultdict(dict))
    """The newest that was shown of each SKU, by the numbers of the replicas that answered: two of them need not show a
    change at once. The number of a SKU is that of its delete once it was gone."""
    _sent: dict[str, int] = field(default_factory=dict)
    """The newest number of each SKU."""
    _events: dict[int, EventId] = field(default_factory=dict)
    """Of each probe that was acknowledged."""
    _partitions: dict[str, int] = field(default_factory=dict)
    """Of each SKU of these."""
    _never_shown: dict[str, int] = field(default_factory=dict)
    """Deletes of SKUs that no answer has shown yet: found, but nothing that an answer could go back behind."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def send_probe(self, number: int) -> None:
        event = probe(number)
        with self._lock:
            self._sent[event["sku"]] = number
        (event_id,) = self.merchant.send([event])
        with self._lock:
            self._waiting[number] = time.monotonic()
            self._events[number] = EventId.parse(event_id)
            self._partitions[event["sku"]] = self._events[number].partition

    def ask(self, number: int) -> None:
        body: dict[str, Any] = {"text": f"probe lamp {number % 7}", "limit": 100, "filters": {"brand": [PROBE_BRAND]}}
        body["fallback"] = []  # other products instead of the probes would say nothing of them
        asked_s = time.monotonic()
        status, answer = http("POST", f"{self.url}/v1/search", body, ANSWER_S)
        degraded = tuple(answer["degraded"]) if status == 200 else ()
        self.questions.append(Question(asked_s, time.monotonic(), status, degraded))
        if status == 200:
            # Without its vector a query finds what has its words, and a change has them from the next commit on.
            whole = not any(stage.startswith(("shard", "encode")) for stage in degraded)
            replicas = frozenset(state["replica"] for state in answer["made_from"])
            self._compare({hit["sku"]: seen(hit) for hit in answer["hits"]}, whole, replicas)
            self._tick_off()

    def _compare(self, shown: Mapping[str, Seen], whole: bool, replicas: frozenset[int] = FIRST) -> None:
        """`whole`: a probe that is not shown is not there."""
        newest = self._newest[replicas]
        for sku, now in shown.items():
            before = newest.get(sku, NEVER)
            if now.number == UNPRICED:  # made again, and its offer is still on its way: it is shown so
                now = now._replace(number=before.number)
            if now < before or now.content < before.content or now.offer < before.offer:
                self.went_back.append(f"{sku}: {before} and then {now}")
            newest[sku] = Seen(*map(max, now, before))  # type: ignore[arg-type]
        with self._lock:
            sent = dict(self._sent)
        reached = self._shard_at(shown)
        for sku in sent.keys() - shown.keys() if whole else ():
            self._gone(newest, sku, sent[sku], reached)

    def _shard_at(self, shown: Mapping[str, Seen]) -> dict[int, int]:
        """By partition, the newest event that the answer shows: what came before it in the log is applied."""
        reached: dict[int, int] = defaultdict(lambda: -1)
        for sku in shown.keys() & self._partitions.keys():
            reached[self._partitions[sku]] = max(shown[sku].offer[1], reached[self._partitions[sku]])
        return reached

    def _gone(self, newest: dict[str, Seen], sku: str, sent: int, reached: Mapping[int, int]) -> None:
        """Because it was deleted, or for no reason. `sent`: the newest number of the SKU.

        What is gone stays gone by that delete: a later one may only be sent, and the shop a minute behind. What was
        never shown may be still to come, unless the answer shows what came after the delete (`_shard_at`).
        """
        before = newest.get(sku, NEVER)
        if sku in newest and deletes(before.number):
            return
        later = range(before.number + 1, sent + 1)
        deleted = next((number for number in later if deletes(number) and probe(number)["sku"] == sku), None)
        event = None if deleted is None else self._events.get(deleted)
        applied = event is not None and reached.get(event.partition, -1) > event.offset
        if deleted is not None and (sku in newest or applied):
            newest[sku] = before._replace(number=deleted)
        elif deleted is not None:
            self._never_shown[sku] = deleted
        elif sku in newest:
            self.went_back.append(f"no longer shown: {sku}")

    def _tick_off(self) -> None:
        now_s = time.monotonic()
        with self._lock:
            done = [number for number in self._waiting if self._reached(probe(number)["sku"]) >= number]
            self.found += [Found(self._waiting.pop(number), now_s) for number in done]

    def _reached(self, sku: str) -> int:
        """The newest number that any replica has shown."""
        shown = [newest.get(sku, NEVER).number for newest in self._newest.values()]
        return max([self._never_shown.get(sku, NEVER.number), *shown])

    def waiting(self) -> int:
        """Changes that are acknowledged and were in no answer yet."""
        with self._lock:
            return len(self._waiting)


def seen(hit: Mapping[str, Any]) -> Seen:
    return Seen(shown_probe(hit), _place(hit["content_order"]), _place(hit["offer_order"]))


def _place(order: list[int] | None) -> Place:
    return (order[0], order[1]) if order else (0, 0)


NEVER = Seen(-1, (0, 0), (0, 0))
