"""What a slice of ten thousand answers takes, and what it costs the shop that it runs beside: figures, a line each."""

import asyncio
import os
import signal
import statistics
import subprocess
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from typing import Any, Literal, NamedTuple

import orjson
import pytest

from bench.freshness import Load, measure_freshness
from bench.search_ways import WAYS
from encoders.build import repair_bundle
from freshet.drills.cores import Cores
from freshet.drills.plain_http import http
from freshet.drills.replica_load import BATCH, Question, Rates, Shoppers, figures, load
from freshet.drills.shop import Loop, Merchant
from freshet.drills.up_stack import UpStack
from freshet.runtime.stack_state import StackState
from tests.contract.conftest import BUNDLE_FOLDER
from tests.drills.test_drills import say
from tests.drills.test_replay_drill import told
from tests.drills.test_replicas_drill import LONG, found
from tests.waiting import LIMIT_S, wait_until

RATES = Rates(products=1_000, events_per_s=25, queries_per_s=20, texts_every=100, ways=("formula", "words"))
ANSWERS = int(os.environ.get("DRILL_ANSWERS", "10000"))
SECONDS = float(os.environ.get("DRILL_SECONDS", "10"))
"""Of new texts, and as many of prices, each time that is measured."""
ROUNDS = int(os.environ.get("DRILL_ROUNDS", "3"))
Kind = Literal["without", "beside"]
KINDS: tuple[Kind, ...] = ("without", "beside")
ASKING, TEXTS, SHARE = 6, 997, 0.25
"""Askers; different texts, so that none is answered from what is kept; events a second while they ask."""
SLICE_S = 1_200
BUNDLED = 200


@pytest.fixture
def one(tmp_path: Path) -> Iterator[UpStack]:
    settings = {**LONG, "FRESHET_SERVED_FULL_SHARE": "1"}
    made = UpStack(tmp_path / "data", repair_bundle(BUNDLE_FOLDER), partitions=1, replicas=1, **settings)
    try:
        yield made
    finally:
        made.stop()


@pytest.mark.drill
@pytest.mark.timeout(2_400)
def test_a_slice_of_two_settings_and_what_it_costs_the_live_shop(one: UpStack) -> None:
    state = one.start()
    merchant = Merchant(state.url)
    for first in range(0, RATES.products, BATCH):
        merchant.send([RATES.event(number) for number in range(first, first + BATCH)])
    wait_until(lambda: found(state) == RATES.products, LIMIT_S, "all products are found")
    answers_made(state, merchant)
    page = one.data.parent / "changes.html"
    with slice_of(one, "--set", "rank_price=1", "--html", str(page)) as begun:
        out, errors = begun.communicate(timeout=SLICE_S)
    assert out, errors
    changed = orjson.loads(out)
    say({"drill": "slice of two settings", **told(changed), "changed": changed["moves"]["changed"], "page": str(page)})
    assert changed["answers"] == ANSWERS == changed["different"]
    file = one.data.parent / "slice.tar.gz"
    say(
        {
            "drill": "bundle",
            **one.freshet("replay", "bundle", "--from", "1h", "--sample", str(BUNDLED), "-o", str(file)),
        }
    )
    with slice_of(one) as begun:
        measured = [measure(one, merchant, begun, number, kind) for number in range(ROUNDS) for kind in KINDS]
        was_there = begun.poll() is None
        begun.send_signal(signal.SIGINT)
        begun.communicate(timeout=LIMIT_S)
    say({"drill": "beside", "slice_all_the_time": was_there, **compared(measured)})


def answers_made(state: StackState, merchant: Merchant) -> None:
    """As fast as they come, while products change."""
    numbers, began_s = count(), time.monotonic()

    def ask() -> None:
        while (number := next(numbers)) < ANSWERS:
            way = WAYS[RATES.ways[number % 2]]
            text, limit = f"lamp number {number % TEXTS}", 5 + number // TEXTS
            body = {"text": text, "limit": limit, "facets": ["brand", "price"], **way}
            assert http("POST", f"{state.url}/v1/search", body, LIMIT_S)[0] == 200

    def send(number: int) -> None:
        merchant.send([RATES.event(RATES.products + number)])

    with Loop(send, RATES.events_per_s * SHARE), ThreadPoolExecutor(ASKING) as threads:
        for done in [threads.submit(ask) for _ in range(ASKING)]:
            done.result()
    say({"drill": "answers", "answers": ANSWERS, "took_s": round(time.monotonic() - began_s, 1)})


def slice_of(one: UpStack, *more: str) -> "subprocess.Popen[str]":
    return one.begin("replay", "slice", "--from", "1h", "--sample", str(ANSWERS), *more)


class Measured(NamedTuple):
    kind: Kind
    questions: list[Question]
    p95_ms: dict[str, float]
    """Until a change is found."""


def measure(one: UpStack, merchant: Merchant, begun: "subprocess.Popen[str]", number: int, kind: Kind) -> Measured:
    """Searches count from when they were due. In turn with the slice stopped, so that a day's drift is in both."""
    begun.send_signal(signal.SIGCONT if kind == "beside" else signal.SIGSTOP)
    shoppers, cores = Shoppers(merchant.url, RATES.ways), Cores(one)
    with load(merchant, shoppers, RATES):
        run = f"{kind}-{number}-"
        asked = asyncio.run(measure_freshness(merchant.url, Load(2.0, SECONDS), run=run, journeys=False))
    begun.send_signal(signal.SIGCONT)
    found_ms = {kind: asked[kind]["p95"] for kind in ("upserts", "prices")}
    say(
        {
            "drill": kind,
            "round": number,
            **figures(shoppers.questions),
            "found_p95_ms": found_ms,
            "cores": cores.taken(),
        }
    )
    return Measured(kind, shoppers.questions, found_ms)


def compared(measured: Sequence[Measured]) -> dict[str, Any]:
    """95th percentiles, ms: of all searches, of freshness the mean of the rounds; and how many times those without."""
    p95s: dict[str, dict[str, float]] = {}
    for kind in KINDS:
        of_it = [one for one in measured if one.kind == kind]
        searches = figures([question for one in of_it for question in one.questions])
        fresh = {what: statistics.mean(one.p95_ms[what] for one in of_it) for what in ("upserts", "prices")}
        p95s[kind] = {"searches": searches["p95_s"] * 1000, **fresh}
    times = {what: round(value / p95s["without"][what], 2) for what, value in p95s["beside"].items()}
    return {**p95s, "times": times}
