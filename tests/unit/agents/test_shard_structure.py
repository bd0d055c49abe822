"""A shard's segments and merges are seen in its state and metrics, and so is a writer that waits for one."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from prometheus_client import generate_latest
from structlog.testing import capture_logs

from agents.shard_structure import WAIT_TOLD_S, StructureMetrics, dead_share, structure
from index_snapshots.apply import apply
from index_snapshots.orders import pack
from index_snapshots.protocol import Identity, ShardRecord
from index_snapshots.writer import ShardWriter
from schemas.metrics import Metrics
from schemas.records import Order
from tests.unit.index_snapshots.making import DIM, ENCODER, SMALL, document, logged, offer, shard
from tests.unit.index_snapshots.odd_builders import EarlyBuilder, LateBuilder


def log(count: int = 60) -> list[ShardRecord]:
    """Five products, each replaced many times."""
    return logged("documents", [document(f"s{at % 5}", at, seed=at) for at in range(count)])


def value(metrics: Metrics, name: str, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(name, labels)


def test_a_state_tells_its_segments_heads_and_merges() -> None:
    lamps = shard()
    apply(log(), lamps)
    told = structure(lamps)
    assert told["segments"] and all(part["rows"] >= part["shown"] and part["ef"] > 0 for part in told["segments"])
    assert sum(part["rows"] for part in told["segments"]) + told["rows_in_heads"] >= 5
    assert all(one["begun"] < one["due"] and one["rows"] for one in told["pending"])
    assert (
        told["seals"] == 14
        and told["merges"] > 3
        and told["repairs"] + told["rebuilds"] > 0
        and told["rows_merged"] > 5
    )
    assert 0 < told["dead_share"] < 1 and told["dead_share"] == round(dead_share(lamps.view), 4)
    assert told["waits"] == told["waited_s"] == told["waiting_s"] == 0


def test_an_empty_shard_has_nothing_dead() -> None:
    assert structure(shard())["dead_share"] == 0 and structure(shard())["segments"] == []


def test_metrics_count_what_came_since() -> None:
    metrics, one = Metrics(), shard()
    told = StructureMetrics(metrics)
    for end in (30, 60, 60):
        apply(log(end), one)
        told.update(3, one)
        told.builder(end / 10)
    figures = one.structure.figures
    assert value(metrics, "freshet_merges_total", partition="3") == figures.merges > 3
    assert value(metrics, "freshet_merged_rows_total", partition="3") == figures.rows_built
    assert value(metrics, "freshet_merge_waits_total", partition="3") == 0
    assert value(metrics, "freshet_builder_cpu_seconds_total") == 6
    assert value(metrics, "freshet_shard_dead_share", partition="3") == dead_share(one.view)
    kinds = {"segments": 1, "heads": len(one.view.vectors.parts) - 1, "pending_merges": len(one.view.vectors.pending)}
    assert {kind: value(metrics, "freshet_shard_parts", partition="3", kind=kind) for kind in kinds} == kinds


@pytest.mark.parametrize(("waiting_s", "lines"), [(0.0, 0), (WAIT_TOLD_S, 0), (WAIT_TOLD_S + 0.1, 1)])
def test_a_long_wait_is_told_once(waiting_s: float, lines: int) -> None:
    metrics = Metrics()
    told = StructureMetrics(metrics)
    with capture_logs() as said:
        for _ in range(3):
            told.waiting(0, waiting_s)
        told.waiting(0, 0.0)
        told.waiting(0, waiting_s)
    assert [line["event"] for line in said] == ["the writer waits for a merge"] * 2 * lines
    assert f'freshet_merge_waiting_seconds{{partition="0"}} {waiting_s}' in generate_latest(metrics.registry).decode()


class Gate(LateBuilder):
    """Builds when it is opened."""

    def __init__(self) -> None:
        super().__init__()
        self.open = threading.Event()
        self.asked = threading.Event()

    def build_all(self) -> None:
        self.asked.set()
        assert self.open.wait(30)
        super().build_all()


def waiting_writer(folder: Path, builder: LateBuilder | EarlyBuilder, now_ms: Callable[[], int]) -> ShardWriter:
    return ShardWriter(Identity(0, "test", ENCODER, DIM), now_ms, folder, builder, SMALL)


def test_a_wait_is_seen_while_it_lasts_and_after(tmp_path: Path) -> None:
    gate, metrics = Gate(), Metrics()
    one, told = waiting_writer(tmp_path, gate, lambda: 1), StructureMetrics(metrics)
    writing = threading.Thread(target=lambda: apply(log(), one))
    writing.start()
    assert gate.asked.wait(30)
    told.update(0, one)
    assert structure(one)["waiting_s"] >= 0 and one.structure.figures.waiting_s > 0
    assert (value(metrics, "freshet_merge_waiting_seconds", partition="0") or 0) > 0
    gate.open.set()
    writing.join()
    told.update(0, one)
    waits = structure(one)["waits"]
    assert 0 < waits == structure(one)["merges"] == value(metrics, "freshet_merge_waits_total", partition="0")
    assert value(metrics, "freshet_merge_waiting_seconds", partition="0") == one.structure.figures.waiting_s == 0
    assert value(metrics, "freshet_merge_wait_seconds_total", partition="0") == one.structure.figures.waited_s > 0


class TakesAMinute(LateBuilder):
    """By a clock of its own."""

    def __init__(self, clock: list[int]) -> None:
        super().__init__()
        self._clock = clock

    def build_all(self) -> None:
        self._clock[0] += 60_000
        super().build_all()


@pytest.mark.parametrize("minutes", [0, 1])
def test_a_wait_is_in_the_journey_of_the_events_that_it_held_up(tmp_path: Path, minutes: int) -> None:
    """They became searchable later, and those before them did not."""
    clock = [1_000]
    one = waiting_writer(tmp_path, TakesAMinute(clock) if minutes else EarlyBuilder(), lambda: clock[0])
    apply([*log(8), *logged("offers", [offer("s0", 1)])], one)
    assert one.structure.figures.merges == 0
    for at in range(8, 20):
        if one.structure.figures.merges == 0:
            apply(log(at + 1), one)
    assert one.structure.figures.merges == 1
    last = one.view.offsets.documents - 1
    found = [one.times.of("documents", pack(Order(1, order))) for order in range(last + 1)]
    assert [moment.searchable_ms for moment in found if moment] == [1_000] * last + [1_000 + 60_000 * minutes]
