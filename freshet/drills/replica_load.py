"""Load on a shop with replicas: events and questions at steady rates, and what the replicas said of themselves."""

import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from itertools import pairwise
from select import select
from typing import Any
from urllib.request import Request

import orjson

from bench.search_ways import WAYS
from freshet.drills.plain_http import JSON, RETRY_AFTER, Answer, asked, http
from freshet.drills.shop import Loop, Merchant, product

BATCH = 25
ASKERS = 24
"""Questions under way at once: each is sent when it is due, whatever became of those before it."""
ANSWER_S = 5.0
LOOK_EVERY_S = 0.5
REFUSALS = (429, 503)

Point = tuple[int, str, int]
"""(partition, topic, offset)."""


@dataclass(frozen=True)
class Question:
    """One search, on the monotonic clock; its time counts from when it was due."""

    due_s: float
    answered_s: float
    status: int
    """0: nobody answered."""
    degraded: tuple[str, ...]
    says_when: bool = False
    """Whether an answer that is none told when to come back."""

    @property
    def honest(self) -> bool:
        """Answered, or refused by somebody who says when to come back, or nobody was there to say anything."""
        return self.status in (0, 200) or (self.status in REFUSALS and self.says_when)

    @property
    def good(self) -> bool:
        """A whole answer: no part of the shop was left out."""
        return self.status == 200 and not self.degraded


def session(number: int) -> str:
    return f"shopper-{number}"


@dataclass
class Shoppers:
    """Ask, open-loop."""

    url: str
    ways: Sequence[str] = ("formula",)
    """Of `bench.search_ways`, in turn."""
    sessions: int = 0
    """So many search in turn, each in a session of its own; 0: nobody has one."""
    also: Mapping[str, Any] = field(default_factory=dict)
    """Further fields of each search."""
    questions: list[Question] = field(default_factory=list)
    _mine: threading.local = field(default_factory=threading.local)
    _kept: list[HTTPConnection] = field(default_factory=list)

    def ask(self, number: int, due_s: float) -> None:
        """Every other question on a connection of its own, the others on one that the thread keeps open."""
        way = WAYS[self.ways[number // 2 % len(self.ways)]]
        question = {"text": f"lamp number {number % 97}", "limit": 10, **way, **self.also}
        if self.sessions:
            question["session"] = session(number % self.sessions)
        body = orjson.dumps(question)
        if number % 2:
            answer = asked(Request(f"{self.url}/v1/search", body, JSON), ANSWER_S)
        else:
            answer = self._on_kept_connection(body)
        degraded = tuple(answer.said["degraded"]) if answer.status == 200 else ()
        self.questions.append(Question(due_s, time.monotonic(), answer.status, degraded, bool(answer.retry_after)))

    def _on_kept_connection(self, body: bytes) -> Answer:
        """Asks once: who sends again what was lost on its way would not see that it was lost."""
        if not hasattr(self._mine, "connection"):
            host, _, port = self.url.removeprefix("http://").partition(":")
            self._mine.connection = HTTPConnection(host, int(port), timeout=ANSWER_S)
            self._kept.append(self._mine.connection)
        connection: HTTPConnection = self._mine.connection
        if connection.sock and select([connection.sock], [], [], 0)[0]:
            connection.close()  # the other side did, a while ago: as any pool of connections finds out before it sends
        try:
            connection.request("POST", "/v1/search", body, JSON)
            response = connection.getresponse()
            return Answer(response.status, orjson.loads(response.read()), response.getheader(RETRY_AFTER, ""))
        except (OSError, HTTPException):
            connection.close()
            return Answer(0, None)

    def hang_up(self) -> None:
        for connection in self._kept:
            connection.close()


@dataclass(frozen=True)
class Rates:
    """What a shop has to carry."""

    products: int
    events_per_s: float
    queries_per_s: float
    texts_every: int = 20
    """One event of so many changes the text of a product, which is embedded anew; the others its price and stock."""
    events_at_once: int = BATCH
    """What the merchant sends in one request."""
    ways: Sequence[str] = ("formula",)
    """How is searched, in turn, by the names of `bench.search_ways`."""

    def event(self, number: int) -> dict[str, Any]:
        """Of an endless stream; the first ones make the products."""
        if number < self.products or number % self.texts_every == 0:
            return product(number, self.products)
        price = {"amount": float(number % 97), "currency": "EUR"}
        return {"type": "patch", "sku": f"import-{number % self.products}", "price": price, "stock": number % 7}


@contextmanager
def load(merchant: Merchant, shoppers: Shoppers, rates: Rates) -> Iterator[None]:
    """While the block lasts, on products that are there."""

    def send(number: int) -> None:
        first = rates.products + number * rates.events_at_once
        merchant.send([rates.event(each) for each in range(first, first + rates.events_at_once)])

    with ThreadPoolExecutor(ASKERS) as threads:

        def ask(number: int) -> None:
            threads.submit(shoppers.ask, number, time.monotonic())

        with Loop(ask, rates.queries_per_s), Loop(send, rates.events_per_s / rates.events_at_once):
            yield
    shoppers.hang_up()


@dataclass
class Digests:
    """Checkpoints of every replica, as they were seen while the block lasted."""

    ports: Sequence[int]
    at: dict[Point, dict[int, set[str]]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(set)))
    """By point and replica, from where its digests are those of any other: of what it holds and, where it is told, of
    its structure."""

    @contextmanager
    def watched(self) -> Iterator[None]:
        try:
            with Loop(lambda _: self.look(), 1 / LOOK_EVERY_S):
                yield
        finally:
            self.look()

    def look(self) -> None:
        for port in self.ports:
            status, answer = http("GET", f"http://127.0.0.1:{port}/state", None, ANSWER_S)
            for shard in answer["shards"] if status == 200 else ():
                self.note(shard)

    def note(self, shard: dict[str, Any]) -> None:
        live = shard["live_from"]
        for topic, points in shard["checkpoints"].items():
            for point in points if live else ():
                if point["offset"] >= live[topic]:
                    place = (shard["state"]["partition"], topic, point["offset"])
                    self.at[place][shard["state"]["replica"]].add(point["digest"] + point.get("structure", ""))

    def common(self) -> dict[Point, set[str]]:
        """The digests at each point that more than one replica was seen at; all sets should have one element."""
        return {place: set().union(*found.values()) for place, found in self.at.items() if len(found) > 1}


def figures(questions: Sequence[Question]) -> dict[str, Any]:
    """What became of the questions; seconds."""
    good = sorted(question.answered_s for question in questions if question.good)
    took = sorted(question.answered_s - question.due_s for question in questions)
    times = [questions[0].due_s, *good, max(question.answered_s for question in questions)]
    return {
        "questions": len(questions),
        "failed": sum(question.status != 200 for question in questions),
        "partial": sum(question.status == 200 and not question.good for question in questions),
        "left_out": Counter(stage for question in questions for stage in question.degraded),
        "longest_gap_s": round(max(after - before for before, after in pairwise(times)), 3),
        "p50_s": round(took[len(took) // 2], 3),
        "p95_s": round(took[len(took) * 95 // 100], 3),
        "p99_s": round(took[len(took) * 99 // 100], 3),
        "max_s": round(took[-1], 3),
    }
