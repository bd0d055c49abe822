"""E8: bad vectors change no answer, an older order changes nothing; with a guard off each of these checks turns red."""

import base64
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from index_snapshots.apply import Applied, apply
from index_snapshots.checkpoints import CHECKPOINTS_KEPT, CheckpointLog
from index_snapshots.guards import GUARDS, Guards
from index_snapshots.protocol import Offsets, Shard, ShardRecord
from schemas.filters import Filters
from schemas.records import DocumentRecord
from tests.contract import test_shard
from tests.unit.index_snapshots.drawing import logs
from tests.unit.index_snapshots.making import DIM, content, document, logged, offer, shard, unit

PRODUCTS = 40


@pytest.fixture(params=list(test_shard.ENGINES))
def make(request: pytest.FixtureRequest) -> Callable[[Guards], Shard]:
    return lambda guards: shard(pacing=test_shard.ENGINES[request.param], guards=guards)


def vector(*values: float) -> bytes:
    with np.errstate(over="ignore"):
        return np.array([*values, *[0.0] * (DIM - len(values))], dtype="<f2").tobytes()


NOT_UNIT = {
    "nan": vector(float("nan")),
    "one nan in a good vector": vector(1.0, float("nan")),
    "infinite": vector(float("inf")),
    "minus infinite": vector(float("-inf")),
    "both": vector(float("inf"), float("-inf")),
    "beyond fp16": vector(65_520.0),
    "the largest of fp16": vector(65_504.0),
    "zero": vector(),
    "the smallest of fp16": vector(6e-8),
    "just too long": vector(1.0029),
    "just too short": vector(0.9975),
    "of length 2": vector(*[2 / DIM**0.5] * DIM),
}
ANOTHER_SIZE = {
    "one number more": vector(1.0) + bytes(2),
    "one number less": vector(1.0)[:-2],
    "half a number more": vector(1.0) + bytes(1),
    "fp32": np.array([1.0, *[0.0] * (DIM - 1)], dtype="<f4").tobytes(),
    "none": b"",
}
JUST_RIGHT = {"long": vector(1.0019), "short": vector(0.9981)}
"""The next numbers of fp16 on the other side of the limit."""


def good() -> list[DocumentRecord]:
    return [document(f"s{i:02d}", 10 + i, seed=i, of=content(f"Lamp {i}")) for i in range(PRODUCTS)]


def spoiled(sku: str, order: int, data: bytes) -> DocumentRecord:
    return document(sku, order).model_copy(update={"vector": base64.b64encode(data).decode()})


def fed(shard: Shard, documents: Sequence[DocumentRecord], guards: Guards) -> Applied:
    offers = logged("offers", [offer(f"s{i:02d}", 10 + i) for i in range(PRODUCTS)])
    return apply([*logged("documents", documents), *offers], shard, guards=guards)


def seen(shard: Shard) -> list[Any]:
    """Everything but the offset, which passes what is refused: digests, counts, and the answers to many queries."""
    answers = [shard.view.search(query, 10, Filters()) for query in (None, *(unit(seed) for seed in range(100, 130)))]
    found = [[(one.sku, one.score) for one in matches.found] for matches in answers]
    return [*test_shard.everything(shard.view)[1:], found]  # type: ignore[index]


def assert_refused_and_nothing_else_changed(
    make: Callable[[Guards], Shard], bad: bytes, guards: Guards = GUARDS
) -> None:
    """A product that never was, and a newer content of one that is: both refused, and every answer as without them."""
    without, beside = make(GUARDS), make(guards)
    fed(without, good(), GUARDS)
    documents = good()
    documents[7:7] = [spoiled("new", 100, bad), spoiled("s03", 101, bad)]
    applied = fed(beside, documents, guards)
    assert [(one.record.sku, one.record.offset, one.reason) for one in applied.refused] == [
        ("new", 7, "bad_vector"),
        ("s03", 8, "bad_vector"),
    ]
    assert seen(beside) == seen(without)
    assert beside.view.offsets.documents == PRODUCTS + 2


@pytest.mark.parametrize("name", [*NOT_UNIT, *ANOTHER_SIZE])
def test_a_bad_vector_is_refused_and_changes_no_answer(make: Callable[[Guards], Shard], name: str) -> None:
    assert_refused_and_nothing_else_changed(make, (NOT_UNIT | ANOTHER_SIZE)[name])


@pytest.mark.parametrize("name", JUST_RIGHT)
def test_a_vector_at_the_limit_is_taken(make: Callable[[Guards], Shard], name: str) -> None:
    shard = make(GUARDS)
    applied = fed(shard, [spoiled("new", 100, JUST_RIGHT[name])], GUARDS)
    assert not applied.refused and shard.view.vector("new") == JUST_RIGHT[name]


@pytest.mark.parametrize("name", NOT_UNIT)
@pytest.mark.filterwarnings("ignore:.*encountered in:RuntimeWarning")
def test_without_the_guard_of_vectors_that_check_is_red(make: Callable[[Guards], Shard], name: str) -> None:
    with pytest.raises(AssertionError):
        assert_refused_and_nothing_else_changed(make, NOT_UNIT[name], Guards(vectors=False))


@pytest.mark.parametrize("name", ["nan", "infinite", "of length 2"])
@pytest.mark.filterwarnings("ignore:.*encountered in:RuntimeWarning")
def test_without_the_guard_of_vectors_answers_do_change(make: Callable[[Guards], Shard], name: str) -> None:
    """That the guard matters: hits themselves are others, not only counts."""
    without, beside = make(GUARDS), make(Guards(vectors=False))
    fed(without, good(), GUARDS)
    fed(beside, [*good(), spoiled("s03", 101, NOT_UNIT[name])], Guards(vectors=False))
    assert seen(beside)[-1] != seen(without)[-1]


def test_without_the_check_of_orders_the_truth_is_red(make: Callable[[Guards], Shard]) -> None:
    """The very test of the contract, on a shard that takes an older order for a newer one."""
    check = test_shard.test_agrees_with_the_truth.hypothesis.inner_test  # type: ignore[attr-defined]

    @settings(
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        report_multiple_bugs=False,
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(data=st.data(), documents=logs("documents"), offers=logs("offers"))
    def on_a_careless_shard(data: st.DataObject, documents: list[ShardRecord], offers: list[ShardRecord]) -> None:
        check(lambda: make(Guards(orders=False)), data, documents, offers)

    with pytest.raises(AssertionError):
        on_a_careless_shard()


def assert_one_structure(guards: Guards = GUARDS) -> None:
    """C11: one log, in batches of two sizes, gives the same segments, byte for byte, at each checkpoint."""
    documents = [document(f"s{i % 150:03d}", i, seed=i) for i in range(400)]
    found = []
    for size in (7, 400):
        one = shard(guards=guards)
        kept = CheckpointLog(50, Offsets(0, 0), one.structure.structure_digest)
        for start in range(0, len(documents), size):
            apply(logged("documents", documents[start : start + size], start), one, kept)
        found.append(kept.kept)
    assert len({point.structure for point in found[0].documents}) == len(found[0].documents) == CHECKPOINTS_KEPT
    assert found[0] == found[1]


def test_the_same_log_gives_the_same_segments() -> None:
    assert_one_structure()


def test_with_drawn_levels_that_check_is_red() -> None:
    with pytest.raises(AssertionError):
        assert_one_structure(Guards(levels=False))
