"""Merges are paced by how many rows there are and how fast the log says that they come."""

import pytest

from index_snapshots.pacing import HEAD_ROWS, ROWS_PER_S_MIN, WAITING_SHARE_MAX, Pacing

SIZES = (0, 1, 1_023, 1_024, 10_000, 100_000, 1_000_000, 10_000_000)
RATES = (50.0, 500.0, 2_000.0)
PACING = Pacing()


@pytest.mark.parametrize("rate", RATES)
def test_larger_merges_never_come_sooner(rate: float) -> None:
    by_size = [PACING.seals(HEAD_ROWS, size, rate) for size in SIZES]
    by_added = [PACING.seals(added, SIZES[-1], rate) for added in SIZES]
    assert by_size == sorted(by_size) and by_size[0] == 1
    assert by_added == sorted(by_added)


def test_at_a_higher_rate_more_seals_pass() -> None:
    found = [PACING.seals(4_096, 100_000, rate) for rate in RATES]
    assert found == sorted(found) and found[0] == 1 < found[-1]


@pytest.mark.parametrize("size", SIZES)
def test_more_rows_wait_at_a_higher_rate_within_bounds(size: int) -> None:
    found = [PACING.waiting(size, rate) for rate in RATES]
    assert found == sorted(found)
    assert found[0] >= HEAD_ROWS // 2
    assert found[-1] <= max(HEAD_ROWS, size * WAITING_SHARE_MAX + 1)


@pytest.mark.parametrize("size", [100_000, 1_000_000])
@pytest.mark.parametrize("rate", RATES)
def test_the_base_is_extended_before_the_next_extension_is_due(size: int, rate: float) -> None:
    """Else what waits beside it would grow without bound. One seal more or less is rounding."""
    waiting = PACING.waiting(size, rate)
    assert (PACING.seals(waiting, size, rate) - 1) * HEAD_ROWS <= waiting


def test_the_rate_is_the_logs_and_bounded() -> None:
    assert PACING.rows_per_s(1_024) == 1_000
    assert PACING.rows_per_s(3_600_000) == ROWS_PER_S_MIN
    for took_ms in (1, 0, -5):  # an import, the same millisecond, clocks that went back
        assert PACING.rows_per_s(took_ms) == PACING.rows_per_s_max


def test_seals_of_a_shard_at_work() -> None:
    """Recorded here, because other numbers are another lineage."""
    assert PACING.seals(1_024, 100_000, 500.0) == 1
    assert PACING.seals(3_072, 100_000, 2_000.0) == 3
    assert PACING.seals(4_096, 1_000_000, 500.0) == 7
    assert PACING.seals(33_792, 1_000_000, 2_000.0) == 45
