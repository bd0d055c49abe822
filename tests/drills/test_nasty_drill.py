"""E3: thousands of queries that nobody types, and requests drawn from the OpenAPI document: no 5xx, in bounded time.

`make drills ARGS="-k nasty"` prints a line of JSON. `NASTY_COUNT` and `DRILL_SEED` say how many and which.
"""

import os
import shutil
import subprocess
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from bench.latency import summary
from freshet.drills.replica_load import BATCH
from freshet.drills.shop import Merchant, product
from freshet.drills.up_stack import UpStack
from freshet.runtime.stack_state import StackState
from tests.conftest import REPOSITORY
from tests.drills.test_drills import SEED_VARIABLE, say
from tests.drills.test_replicas_drill import found
from tests.nasty import Nasty, nasty_queries
from tests.system.conftest import http
from tests.waiting import LIMIT_S, wait_until

COUNT_VARIABLE = "NASTY_COUNT"
COUNT = 5_000
PRODUCTS = 1_000
CLIENTS = 2
ANSWER_S_MAX = 2.0
"""Bounded: a search's budget is 0.3 s, and what is not searched for costs less."""
SCHEMATHESIS = "schemathesis==4.32.5"
"""Runs in an environment of its own (uvx): it brings 50 MB that nothing else needs."""
EXAMPLES = 100
"""For each operation."""


@pytest.fixture
def shop(up: UpStack) -> StackState:
    state = up.start()
    merchant = Merchant(state.url)
    for first in range(0, PRODUCTS, BATCH):
        merchant.send([product(number, PRODUCTS) for number in range(first, first + BATCH)])
    wait_until(lambda: found(state) == PRODUCTS, LIMIT_S, "all products are found")
    return state


@pytest.mark.drill
@pytest.mark.timeout(900)
def test_nasty_queries_break_nothing_and_take_their_time_at_most(shop: StackState) -> None:
    seed = int(os.environ.get(SEED_VARIABLE, time.time_ns() % 2**32))
    asked = list(nasty_queries(seed, int(os.environ.get(COUNT_VARIABLE, COUNT))))

    def ask(one: Nasty) -> tuple[Nasty, int, Any, float]:
        begun_s = time.monotonic()
        status, answer = http("POST", f"{shop.url}/v1/search", one.body)
        return one, status, answer, time.monotonic() - begun_s

    with ThreadPoolExecutor(CLIENTS) as clients:
        seen = list(clients.map(ask, asked))
    slowest: dict[str, float] = {}
    for one, _, _, took_s in seen:
        slowest[one.kind] = round(max(slowest.get(one.kind, 0.0), took_s), 3)
    say(
        {
            "drill": "nasty queries",
            "seed": seed,
            "queries": len(seen),
            "statuses": dict(Counter(status for _, status, _, _ in seen)),
            "degraded": dict(Counter(name for _, _, answer, _ in seen for name in (answer or {}).get("degraded", []))),
            "ms": summary([took_s * 1000 for *_, took_s in seen]),
            "slowest_s": slowest,
        }
    )
    wrong = [
        (one.kind, status, answer, one.body[:500])
        for one, status, answer, took_s in seen
        if status not in (200, 400, 413) or (one.taken and status != 200) or took_s > ANSWER_S_MAX
    ]
    assert not wrong, (len(wrong), wrong[:5])


@pytest.mark.drill
@pytest.mark.timeout(900)
def test_nasty_requests_of_every_route_break_nothing(shop: StackState, tmp_path: Path) -> None:
    """As schemathesis draws them from the OpenAPI document."""
    here = REPOSITORY / ".uv" / "bin" / "uvx"
    uvx = str(here) if here.is_file() else shutil.which("uvx")
    if not uvx:
        pytest.skip("needs uvx, which `make install` brings where no uv is installed")
    seed = os.environ.get(SEED_VARIABLE, str(time.time_ns() % 2**32))
    command = [uvx, "--from", SCHEMATHESIS, "schemathesis", "run", f"{shop.url}/openapi.json"]
    command += ["--checks", "not_a_server_error", "--max-examples", str(EXAMPLES), "--seed", seed]
    command += ["--exclude-path", "/v1/feed", "--request-timeout", "10", "--no-color", "--suppress-health-check", "all"]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=800, check=False)
    say({"drill": "schemathesis", "seed": seed, "exit": run.returncode, "told": run.stdout.splitlines()[-12:]})
    assert run.returncode == 0, run.stdout[-6_000:] + run.stderr[-2_000:]
