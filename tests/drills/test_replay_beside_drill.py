"""What a slice of ten thousand answers takes, and what it costs the shop that it runs beside: figures, a line each."""

import asyncio
import os
import signal
import statistics
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from typing import Any

import orjson
import pytest

from bench.freshness import Load, measure_freshness
from bench.search_ways import WAYS
from encoders.build import repair_bundle
from freshet.drills.cores import Cores
from freshet.drills.plain_http import http
from freshet.drills.replica_load import BATCH, Rates, Shoppers, figures, load
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
SECONDS = float(os.environ.get("DRILL_SECONDS", "25"))
"""Of new texts, and as many of prices, each time that is measured."""
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
    measured = {"before": measure(one, merchant, "before")}
    with slice_of(one) as begun:
        measured["beside"] = measure(one, merchant, "beside")
        was_there = begun.poll() is None
        begun.send_signal(signal.SIGINT)
        begun.communicate(timeout=LIMIT_S)
    measured["after"] = measure(one, merchant, "after")
    say({"drill": "times of without", "slice_all_the_time": was_there, **ratios(measured)})


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


def measure(one: UpStack, merchant: Merchant, run: str) -> dict[str, float]:
    """Searches from when they were due, and how long until a change is found; 95th percentiles, ms."""
    shoppers, cores = Shoppers(merchant.url, RATES.ways), Cores(one)
    with load(merchant, shoppers, RATES):
        asked = asyncio.run(measure_freshness(merchant.url, Load(2.0, SECONDS), run=f"{run}-", journeys=False))
    searches = figures(shoppers.questions)
    fresh: dict[str, Any] = {kind: asked[kind] for kind in ("upserts", "prices")}
    say({"drill": run, "searches": searches, **fresh, "cores": cores.taken()})
    return {"search": searches["p95_s"] * 1000, **{kind: one["p95"] for kind, one in fresh.items()}}


def ratios(measured: dict[str, dict[str, float]]) -> dict[str, float]:
    """Beside a slice, of the mean before and after it."""
    return {
        f"{kind}_p95": round(value / statistics.mean((measured["before"][kind], measured["after"][kind])), 2)
        for kind, value in measured["beside"].items()
    }
