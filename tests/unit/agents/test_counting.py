"""What a worker shows before anything has happened, and how its shards' snapshots and disk stand."""

from pathlib import Path
from typing import Any

import pytest

from agents.dead_letters import count_from_zero
from agents.shard import OFFERS_PER_DOCUMENT, steps
from agents.shard_standing import show_disk, show_snapshots
from schemas.metrics import Metrics
from schemas.reasons import REASONS
from tests.unit.doctor.test_judging import MANIFEST

EVERY = 100


def value(metrics: Metrics, name: str, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(name, labels)


def test_the_first_dead_letter_is_an_increase() -> None:
    """A series that begins with 1 has none, and its alert would never fire."""
    metrics = Metrics()
    count_from_zero(metrics, "embed")
    found = [value(metrics, "freshet_dead_letters_total", stage="embed", reason=reason) for reason in REASONS]
    assert found == [0.0] * len(REASONS)


@pytest.mark.parametrize(
    ("documents", "offers", "due"),
    [(10, 20, 0.0), (110, 20, 1.0), (10, 20 + EVERY * OFFERS_PER_DOCUMENT, 1.0), (360, 20, 3.5)],
)
def test_how_many_snapshots_are_due(documents: int, offers: int, due: float) -> None:
    metrics, position = Metrics(), {"documents": documents, "offers": offers}
    show_snapshots(metrics, 0, MANIFEST, position, steps(EVERY), MANIFEST.written_ms + 5_000)
    assert value(metrics, "freshet_snapshots_due", partition="0") == due
    assert value(metrics, "freshet_snapshot_age_seconds", partition="0") == 5.0


def test_without_a_snapshot_all_that_was_read_is_due() -> None:
    metrics: Any = Metrics()
    show_snapshots(metrics, 0, None, {"documents": 250, "offers": 0}, steps(EVERY), 1)
    assert value(metrics, "freshet_snapshots_due", partition="0") == 2.5
    assert value(metrics, "freshet_snapshot_age_seconds", partition="0") is None


def test_what_is_free_on_the_disk(tmp_path: Path) -> None:
    metrics = Metrics()
    show_disk(metrics, tmp_path)
    assert (value(metrics, "freshet_disk_free_bytes") or 0) > 0
