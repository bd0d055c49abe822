"""Guards of a shard process, each seen to hold and, turned off, seen to be missed."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

from agents.faults import Faults
from agents.health import Health
from agents.shard import ShardAgent, ShardSetup
from agents.shard_endpoint import ShardEndpoint
from agents.topics import Topics
from index_snapshots.builder import BuilderHere
from schemas.errors import SettingsError, StateRefused
from schemas.metrics import Metrics
from tests.unit.index_snapshots.making import ORIGIN


def agent(folder: Path, faults: str = "") -> ShardAgent:
    producer: Any = SimpleNamespace()
    setup = ShardSetup("", Topics(1, 1), folder, 0, 20_000, 2, 9, 2, 0.98)
    return ShardAgent(setup, [ORIGIN], BuilderHere(), producer, Metrics(), Faults(faults), lambda: "lineage")


def test_two_processes_on_one_folder(tmp_path: Path) -> None:
    """C8."""
    first = agent(tmp_path)
    with pytest.raises(StateRefused, match="another process owns the shard folder"):
        agent(tmp_path)
    assert agent(tmp_path, "skip:owner:1").kept.keys() == first.kept.keys()


@pytest.mark.parametrize(("faults", "answered"), [("", 503), ("skip:catch-up:1", 200)])
async def test_one_that_has_not_caught_up_answers_nothing(tmp_path: Path, faults: str, answered: int) -> None:
    """D9."""
    endpoint = ShardEndpoint(agent(tmp_path, faults))
    async with TestClient(TestServer(endpoint.app(Health("shard", Metrics(), str, dict)))) as client:
        sku = await client.get("/skus/lamp?partition=0")
        searched = await client.post("/search", json={"partition": 0, "limit": 3, "budget_ms": 1_000})
        (state,) = (await (await client.get("/state")).json())["shards"]
    assert (sku.status, searched.status, state["ready"]) == (answered, answered, answered == 200)


def test_a_fault_that_there_is_not_is_refused() -> None:
    with pytest.raises(SettingsError, match="skip:GUARD:1"):
        Faults("leave:owner:1")
