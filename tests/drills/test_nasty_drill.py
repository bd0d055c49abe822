"""E3: requests drawn from the OpenAPI document: no 5xx, in bounded time, answers as described. Searches: `freshet drill
nasty-queries`.

`make drills ARGS="-k nasty"` prints a line of JSON. `DRILL_SEED` says which.
"""

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from freshet.drills.replica_load import BATCH
from freshet.drills.shop import Merchant, product
from freshet.drills.up_stack import UpStack
from freshet.runtime.stack_state import StackState
from tests.conftest import REPOSITORY
from tests.drills.test_drills import SEED_VARIABLE, say
from tests.drills.test_replicas_drill import found
from tests.waiting import LIMIT_S, wait_until

PRODUCTS = 1_000
SCHEMATHESIS = "schemathesis==4.32.5"
"""Runs in an environment of its own (uvx): it brings 50 MB that nothing else needs."""
EXAMPLES = 50
"""For each operation."""
PHASES = "examples,coverage,fuzzing"
"""All but sequences of requests: the document links no answer to another request."""
CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,"
    "response_headers_conformance,response_schema_conformance,unsupported_method"
)
"""Not whether all is taken or refused as the document alone would tell: texts have grammars of their own. Nor `Allow`,
which of an address names what another pattern takes there."""


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
def test_nasty_requests_of_every_route_break_nothing(shop: StackState, tmp_path: Path) -> None:
    """As schemathesis draws them from the OpenAPI document."""
    here = REPOSITORY / ".uv" / "bin" / "uvx"
    uvx = str(here) if here.is_file() else shutil.which("uvx")
    if not uvx:
        pytest.skip("needs uvx, which `make install` brings where no uv is installed")
    seed = os.environ.get(SEED_VARIABLE, str(time.time_ns() % 2**32))
    command = [uvx, "--from", SCHEMATHESIS, "schemathesis", "run", f"{shop.url}/openapi.json"]
    command += ["--checks", CHECKS, "--phases", PHASES, "--exclude-path", "/v1/feed", "--seed", seed]
    command += ["--max-examples", str(EXAMPLES), "--request-timeout", "10"]
    command += ["--no-color", "--suppress-health-check", "all"]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=800, check=False)
    say(
        {
            "drill": "schemathesis",
            "seed": seed,
            "exit": run.returncode,
            "told": [line for line in run.stdout.splitlines() if line][-12:],
        }
    )
    assert run.returncode == 0, run.stdout[-6_000:] + run.stderr[-2_000:]
