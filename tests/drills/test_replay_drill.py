"""Answers and shards made again after a busy time: events streamed, segments were merged, a replica was killed, another
one built anew. Of 1,000 answers all must be equal, and a shard at ten moments have the digests that replicas announced.
"""

import os
import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from encoders.build import repair_bundle
from freshet.drills.cores import Cores
from freshet.drills.moments import Struck
from freshet.drills.plain_http import http
from freshet.drills.replica_load import BATCH, Digests, Rates, Shoppers, figures, load
from freshet.drills.shop import Merchant
from freshet.drills.up_stack import UpStack
from freshet.runtime.stack_state import StackState
from tests.contract.conftest import BUNDLE_FOLDER
from tests.drills.test_drills import say
from tests.drills.test_replicas_drill import LONG, REPLICAS, found, kill_one, rebuilt
from tests.unit.index_snapshots.test_determinism import SIMD_LEVELS
from tests.waiting import LIMIT_S, wait_until

RATES = Rates(
    products=1_000, events_per_s=100, queries_per_s=13, texts_every=1, ways=("formula", "understood", "words")
)
"""Every event changes a text, so that segments are merged after each 1,024 of them."""
ANSWERS = int(os.environ.get("DRILL_ANSWERS", "1000"))
BESIDE, MOMENTS, MERGES_MIN = ANSWERS // 10, 10, 3
FACETS = {"facets": ["brand", "price"]}


@pytest.fixture
def two(tmp_path: Path) -> Iterator[UpStack]:
    settings = {**LONG, "FRESHET_SERVED_FULL_SHARE": "1"}
    made = UpStack(tmp_path / "data", repair_bundle(BUNDLE_FOLDER), partitions=1, replicas=2, **settings)
    try:
        yield made
    finally:
        made.stop()


@pytest.mark.drill
@pytest.mark.timeout(900)
def test_answers_and_shards_of_a_busy_time_are_made_again(two: UpStack) -> None:
    state = two.start()
    merchant, shoppers = Merchant(state.url), Shoppers(state.url, RATES.ways, also=FACETS)
    for first in range(0, RATES.products, BATCH):
        merchant.send([RATES.event(number) for number in range(first, first + BATCH)])
    wait_until(lambda: found(state) == RATES.products, LIMIT_S, "all products are found")
    digests = Digests([state.ports[name] for name in REPLICAS])
    with load(merchant, shoppers, RATES), digests.watched():
        busy(two, shoppers)
        asked, cores = len(shoppers.questions), Cores(two)
        beside = replayed(two, "--sample", str(BESIDE))
        say(
            {"drill": "beside", **figures(shoppers.questions[asked:]), "cores": cores.taken(), "replayed": told(beside)}
        )
    time.sleep(2.0)
    page = two.data.parent / "changes.html"
    changed = replayed(two, "--sample", str(BESIDE), "--set", "rank_price=1", "--html", str(page))
    say({"drill": "what if", "changed": changed["moves"]["changed"], "of": changed["answers"], "page": str(page)})
    made = replayed(two, "--sample", str(ANSWERS))
    merges = merged(state)
    say({"drill": "answers", **told(made), "merges": merges})
    assert (made["equal"], made["answers"]) == (ANSWERS, ANSWERS), made["reasons"]
    assert beside["equal"] == BESIDE and merges >= MERGES_MIN
    check_shards(two, digests)


def busy(two: UpStack, shoppers: Shoppers) -> None:
    struck: list[Struck] = []
    cores = Cores(two)
    wait_until(lambda: len(shoppers.questions) > ANSWERS // 4, LIMIT_S, "a quarter of the answers")
    say({"drill": "before", **figures(shoppers.questions), "cores": cores.taken()})
    struck.append(kill_one(two, "shard-0"))
    wait_until(lambda: len(shoppers.questions) > ANSWERS // 2, LIMIT_S, "half of them")
    say({"drill": "killed, and built anew", **rebuilt(two, struck)})
    wait_until(lambda: len(shoppers.questions) > ANSWERS, LIMIT_S, "all of them")


def replayed(two: UpStack, *more: str) -> dict[str, Any]:
    """What `freshet replay slice` says."""
    said = two.run("replay", "slice", "--from", "1h", *more)
    if not said.stdout:
        raise AssertionError(said.stderr)
    facts: dict[str, Any] = orjson.loads(said.stdout)
    return facts


def told(made: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in made.items() if name not in ("moves", "different_answers")}


def merged(state: StackState) -> int:
    """Merges of the replica that nobody killed."""
    _, answer = http("GET", f"http://127.0.0.1:{state.ports['shard-1']}/state", None, LIMIT_S)
    return int(answer["shards"][0]["structure"]["merges"])


def check_shards(two: UpStack, digests: Digests) -> None:
    common = digests.common()
    points = sorted(place for place in common if place[1] == "documents")
    drawn = random.Random(1).sample(points, min(MOMENTS, len(points)))
    for cpu, environ in (("its own", {}), ("without AVX", SIMD_LEVELS[0])):
        equal = 0
        for _, topic, offset in sorted(drawn):
            told = two.freshet("replay", "shard", "--at", str(offset), environ=environ)
            equal += {told["digest_documents"] + told["digest_structure"]} == common[0, topic, offset]
        say({"drill": "shards", "cpu": cpu, "moments": len(drawn), "equal": equal})
        assert equal == len(drawn) == MOMENTS
    moments = [str(offset) for _, _, offset in (points[0], points[-1])]
    apart = two.freshet("replay", "diff-shard", "--at", moments[0], "--at", moments[1])
    say({"drill": "diff-shard", "touched": apart["touched"], **apart["products"], "fields": apart["fields"]})
    assert apart["touched"] >= apart["products"]["changed"] > 0
