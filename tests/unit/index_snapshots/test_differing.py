"""Replicas are compared at common points of one lineage only, and a difference is named once, counted and logged."""

from typing import Any

from index_snapshots.differing import Difference, differences
from schemas.digests import Checkpoint, Checkpoints
from schemas.shards import LiveFrom, ShardOnProcess
from tests.unit.serving.fakes import FakeShard, Tier, state


def points(**digests: str) -> list[Checkpoint]:
    """`at10="x"`: the digest x at offset 10."""
    return [Checkpoint(offset=int(at[2:]), digest=digest) for at, digest in digests.items()]


def replica(number: int, lineage: str = "l", partition: int = 0, **said: Any) -> ShardOnProcess:
    standing = state(partition, number).model_copy(update={"lineage": lineage, "documents_offset": 100 + number})
    return ShardOnProcess(state=standing, **said)


def on(documents: list[Checkpoint] | None = None, offers: list[Checkpoint] | None = None) -> Checkpoints:
    return Checkpoints(documents=documents or [], offers=offers or [])


def test_equal_at_every_common_point_is_no_difference() -> None:
    one = replica(0, checkpoints=on(points(at10="a", at20="b"), points(at7="x")))
    other = replica(1, checkpoints=on(points(at20="b", at30="c"), points(at9="y")))
    assert differences([one, other]) == []


def test_the_first_common_point_that_differs_is_named() -> None:
    one = replica(0, checkpoints=on(points(at10="a", at20="b", at30="c"), points(at7="x")))
    other = replica(1, checkpoints=on(points(at10="a", at20="B", at30="C"), points(at7="X")))
    third = replica(2, checkpoints=on(points(at20="b")))
    assert differences([one, other, third]) == [
        Difference(partition=0, digest="documents", offset=20, replicas={"B": [1], "b": [0, 2]}),
        Difference(partition=0, digest="offers", offset=7, replicas={"X": [1], "x": [0]}),
    ]


def test_other_lineages_and_other_partitions_are_never_compared() -> None:
    one, other = on(points(at10="a")), on(points(at10="b"))
    assert differences([replica(0, checkpoints=one), replica(1, "new", checkpoints=other)]) == []
    assert differences([replica(0, checkpoints=one), replica(0, partition=1, checkpoints=other)]) == []


def live(documents: int, offers: int = 0) -> LiveFrom:
    return LiveFrom(documents=documents, offers=offers)


def test_other_lineages_hold_the_same_products_from_where_both_had_caught_up() -> None:
    one = replica(0, checkpoints=on(points(at10="a", at20="b"), points(at5="x")), live_from=live(10))
    other = replica(1, "new", checkpoints=on(points(at10="A", at20="B"), points(at5="x")), live_from=live(20))
    found = [(found.digest, found.offset, found.replicas) for found in differences([one, other])]
    assert found == [("documents", 20, {"b": [0], "B": [1]})], "before that one was built from a compacted log"
    assert differences([one, replica(1, "new", checkpoints=other.checkpoints)]) == [], "it has not caught up"
    laid_out = on([Checkpoint(offset=30, digest="a", structure="s")])
    elsewhere = on([Checkpoint(offset=30, digest="a", structure="t")])
    starts = live(0)
    two = [
        replica(0, checkpoints=laid_out, live_from=starts),
        replica(1, "new", checkpoints=elsewhere, live_from=starts),
    ]
    assert differences(two) == [], "segments follow from the lineage"


def test_the_structure_counts_where_both_have_one() -> None:
    def with_structure(text: str) -> Checkpoints:
        return on([Checkpoint(offset=10, digest="a", structure=text)])

    plain, one, other = (replica(n, checkpoints=with_structure(text)) for n, text in enumerate(("", "s", "t")))
    assert differences([plain, one]) == []
    assert [(found.digest, found.offset) for found in differences([plain, one, other])] == [("structure", 10)]


def test_where_they_stand_now_counts_when_it_is_the_same_place() -> None:
    one, other = (
        replica(0, digest_documents="a", digest_offers="x"),
        replica(1, digest_documents="b", digest_offers="y"),
    )
    assert [found.digest for found in differences([one, other])] == ["offers"], "documents stand elsewhere"
    behind = replica(1, checkpoints=on(points(at100="b")))
    assert [found.offset for found in differences([one, behind])] == [100]


async def test_the_tier_tells_of_it() -> None:
    shards = [FakeShard(state(0, 0), digest="a"), FakeShard(state(0, 1), digest="a")]
    async with Tier([shards]) as tier:
        shards[1].digest = "b"
        await tier.wiring.watch.refresh(tier.wiring.shards, tier.hints, tier.lines)
        await tier.wiring.watch.refresh(tier.wiring.shards, tier.hints, tier.lines)
        found = await (await tier.client.get("/v1/status")).json()
        assert found["differing"] == [
            {"partition": 0, "digest": "documents", "offset": 10, "replicas": {"a": [0], "b": [1]}, "bucket": None}
        ]
        assert 'freshet_replicas_differ{partition="0"} 1.0' in await (await tier.client.get("/metrics")).text()
        assert [line[1] for line in tier.lines.lines if "replicas_differ" in line] == ["replicas_differ"]
        shards[1].digest = "a"
        await tier.wiring.watch.refresh(tier.wiring.shards, tier.hints, tier.lines)
        assert (await (await tier.client.get("/v1/status")).json())["differing"] == []
        assert 'freshet_replicas_differ{partition="0"} 0.0' in await (await tier.client.get("/metrics")).text()
