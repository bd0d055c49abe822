"""The search depth falls in steps with the time that is left, and is recorded."""

import pytest

from schemas.fusion import DEPTH
from schemas.served import Served
from serving.depth import STEPS, depth
from tests.unit.serving.fakes import Clock, FakeEncoding, FakeShard, Tier, hit, state


@pytest.mark.parametrize(("at_least_s", "candidates"), STEPS)
def test_each_step_at_its_limit_and_below(at_least_s: float, candidates: int) -> None:
    assert depth(at_least_s, 10) == candidates and depth(at_least_s + 0.001, 10) == candidates
    below = depth(at_least_s - 0.0001, 10)
    assert below < candidates or at_least_s == 0.0
    assert depth(at_least_s, 500) == 500


async def test_a_search_with_little_time_left_asks_for_less_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("serving.depth.STEPS", [(100 * at_least_s, candidates) for at_least_s, candidates in STEPS])
    clock, shard = Clock(), FakeShard(state(), [hit("a", 0.9)], words={"a": 1.0})

    class Slow(FakeEncoding):
        async def encode(self, text: str, deadline_s: float) -> object:
            clock.now_s += self.takes_s
            return await super().encode(text, deadline_s)

        takes_s = 0.0

    encoding = Slow()
    async with Tier([[shard]], encoding=encoding, clock=clock, search_budget_ms=10_000, served_full_share=1.0) as tier:
        asked = []
        for takes_s, wanted in ((0.0, DEPTH), (5.0, DEPTH // 2), (8.0, DEPTH // 5)):
            encoding.takes_s = takes_s
            answer = await tier.search(text=f"lamp {takes_s}", mode="vector", explain=True)
            assert answer["degraded"] == [] and answer["explain"]["depth"] == wanted
            asked.append(shard.queries[-1]["depth"])
        assert asked == [DEPTH, DEPTH // 2, DEPTH // 5]
        encoding.takes_s = 0.0
        assert (await tier.search(text="lamp", limit=100, page=2, explain=True))["explain"]["depth"] == 200
        await tier.wiring.served.drain()
        records = [Served.model_validate_json(r.value or b"") for rs in tier.log.read("served", 0, 0) for r in rs]
    assert [record.inputs.depth for record in records if record.inputs] == [*asked, 200]
