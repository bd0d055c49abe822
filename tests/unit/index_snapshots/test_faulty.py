"""Who is at fault: the damaged one, else the one against a majority, else nobody; and the last sound one answers."""

from index_snapshots.differing import Difference
from index_snapshots.faulty import Faulty, Place, faulty, out_of, undecided
from schemas.digests import Digest, Scrubbed
from schemas.shards import ShardOnProcess
from tests.unit.serving.fakes import state


def scrubbed(*differing: Digest) -> Scrubbed:
    return Scrubbed(ended_ms=1, took_s=0.1, documents_offset=1, offers_offset=1, skus=1, differing=list(differing))


def replicas(*scrubs: Scrubbed | None, ready: bool = True) -> dict[Place, ShardOnProcess]:
    return {
        (0, number): ShardOnProcess(state=state(0, number), ready=ready, scrub=scrub)
        for number, scrub in enumerate(scrubs)
    }


def differ(**sides: list[int]) -> Difference:
    return Difference(partition=0, digest="documents", offset=5, replicas=sides)


def test_of_two_that_differ_the_damaged_one_is_out() -> None:
    found = faulty(replicas(scrubbed("documents"), scrubbed()), [differ(a=[0], b=[1])])
    assert found == [Faulty(partition=0, replica=0, why="damaged", digests=["documents"], out=True)]
    assert out_of(found) == {(0, 0)} and undecided([differ(a=[0], b=[1])], found) == []


def test_of_two_that_differ_and_are_whole_neither_is_out() -> None:
    found = faulty(replicas(scrubbed(), scrubbed()), [differ(a=[0], b=[1])])
    assert found == [] and undecided([differ(a=[0], b=[1])], found) == [differ(a=[0], b=[1])]


def test_the_one_that_is_alone_against_a_majority_is_out() -> None:
    found = faulty(replicas(None, None, None), [differ(a=[0, 2], b=[1])])
    assert [(one.replica, one.why, one.out) for one in found] == [(1, "alone", True)]
    assert faulty(replicas(None, None, None), [differ(a=[0], b=[1], c=[2])]) == []
    assert faulty(replicas(None, None, None, None), [differ(a=[0, 1], b=[2, 3])]) == []


def test_damage_that_no_other_contradicts_yet_is_enough() -> None:
    assert out_of(faulty(replicas(scrubbed(), scrubbed("offers")), [])) == {(0, 1)}


def test_the_last_one_answers_though_it_is_damaged() -> None:
    alone = faulty(replicas(scrubbed("offers")), [])
    assert [one.out for one in alone] == [False] and out_of(alone) == frozenset()
    both = faulty(replicas(scrubbed("offers"), scrubbed("documents")), [])
    assert [one.out for one in both] == [False, False]
    other_starts = replicas(scrubbed("offers"), None)
    other_starts[0, 1] = other_starts[0, 1].model_copy(update={"ready": False})
    assert [one.out for one in faulty(other_starts, [])] == [False]


def test_damage_in_another_partition_changes_nothing_here() -> None:
    known = replicas(scrubbed("offers"))
    known[1, 1] = ShardOnProcess(state=state(1, 1), ready=True)
    assert [one.out for one in faulty(known, [])] == [False]
