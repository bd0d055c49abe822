"""`POST /search` of a shard: the answer that the query tier reads, and what is refused."""

from types import SimpleNamespace
from typing import Any

import orjson
import pytest
from aiohttp.test_utils import TestClient, TestServer

from agents.shard_endpoint import ShardEndpoint
from agents.shard_search import Question, answer_all
from index_snapshots.apply import apply
from index_snapshots.nearest import FrozenVectors, Nearest
from index_snapshots.protocol import Offsets
from schemas.errors import Overloaded
from schemas.hits import ShardState
from schemas.shard_messages import ShardAnswer, ShardQuery
from tests.unit.index_snapshots.making import ORIGIN, b64, content, document, hits, logged, offer, shard, unit

HEALTH: Any = SimpleNamespace(add_to=lambda app: None)
LAMP = content("A lamp", "Lumen", ["Home", "Lamps"])


def state_at(partition: int, offsets: Offsets) -> ShardState:
    documents, offers = offsets
    return ShardState(partition=partition, replica=1, lineage="l", documents_offset=documents, offers_offset=offers)


def kept() -> Any:
    one = shard()
    values = [document("lamp", 1, seed=1, of=LAMP), document("chair", 2, seed=2)]
    apply([*logged("documents", values), *logged("offers", [offer("lamp", 1, price=9.5)])], one)
    return SimpleNamespace(shard=one, origin=ORIGIN, words=None)


def query(**more: Any) -> dict[str, Any]:
    return {"partition": 0, "limit": 5, "budget_ms": 1_000, "vector": b64(unit(1)), **more}


async def asked(body: Any, caught_up: bool = True) -> tuple[int, bytes]:
    agent: Any = SimpleNamespace(caught_up=caught_up, kept={0: kept()}, state=state_at)
    async with TestClient(TestServer(ShardEndpoint(agent).app(HEALTH))) as client:
        response = await client.post("/search", data=orjson.dumps(body))
        return response.status, await response.read()


@pytest.mark.parametrize("vector", [b64(unit(1)), None])
async def test_the_answer_is_what_the_query_tier_reads(vector: str | None) -> None:
    status, body = await asked(query(vector=vector, taste=vector and {"vector": b64(unit(2)), "strength": 0.1}))
    answer = ShardAnswer.model_validate_json(body)
    assert (status, answer.matching, answer.state) == (200, 2, state_at(0, Offsets(2, 1)))
    assert {hit.sku: hit.content for hit in answer.hits} == {"lamp": LAMP, "chair": content()}
    view = kept().shard.view
    assert answer.hits[0].sku == ("lamp" if vector else "chair")
    if vector is None:
        assert answer.hits == hits(view, view.search(None, 5, ShardQuery(partition=0, limit=1, budget_ms=1).filters)[0])


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (query(limit=0), "bad_request"),
        ({"partition": 0}, "bad_request"),
        (query(vector="?"), "bad_vector"),
        (query(vector=b64(unit(1, 4))), "bad_vector"),
        (query(vector=b64(unit(1) * 3)), "bad_vector"),
        (query(partition=7), "unknown_partition"),
    ],
)
async def test_what_is_wrong_is_named(body: Any, code: str) -> None:
    status, answer = await asked(body)
    assert (status, orjson.loads(answer)["code"]) == (400, code)


async def test_hits_of_two_vectors_take_turns_and_both_are_told() -> None:
    counting = {"match": "candidates", "words": {"text": ""}, "sent_max": 1}
    _, body = await asked(query(vector=b64(unit(2)), other_vector=b64(unit(1)), counting=counting))
    answer = ShardAnswer.model_validate_json(body)
    assert [hit.sku for hit in answer.hits] == ["chair", "lamp"] and answer.near and answer.other_near
    assert (answer.near.skus, answer.other_near.skus) == (["chair", "lamp"], ["lamp", "chair"])
    assert answer.counted is not None and answer.counted.matching == 2, "each once"
    _, body = await asked(query(vector=None, other_vector=b64(unit(1))))
    assert ShardAnswer.model_validate_json(body).other_near is None, "there is no second without a first"


async def test_products_found_by_words_are_compared_though_the_graph_misses_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    near, looked_for = FrozenVectors.near, list[int]()

    def without_the_lamp(self: FrozenVectors, *asked: Any, **how: Any) -> Nearest:
        slots, scores = near(self, *asked, **how)
        looked_for.append(asked[-1])
        return Nearest(slots[slots != 0], scores[slots != 0])

    monkeypatch.setattr(FrozenVectors, "near", without_the_lamp)
    for words, skus, again in (({}, ["chair"], []), ({"lamp": 2.0}, ["lamp"], [256]), ({"chair": 2.0}, ["chair"], [])):
        looked_for.clear()
        _, body = await asked(query(words=words, words_share=0.5, depth=1, limit=1))
        answer = ShardAnswer.model_validate_json(body)
        assert answer.near is not None and answer.near.skus == skus == [hit.sku for hit in answer.hits]
        assert looked_for == [1, *again], "what is nearer than the graph's best shows that it missed more"
    _, body = await asked(query(words={"lamp": 2.0}, vector=b64(unit(2)), depth=1, limit=1))
    assert looked_for[-1] == 1, "what is further away was not missed"


async def test_a_shard_that_is_catching_up_does_not_answer() -> None:
    status, answer = await asked(query(), caught_up=False)
    assert (status, orjson.loads(answer)["code"]) == (503, "not_ready")


def test_a_search_whose_budget_is_over_does_not_begin() -> None:
    question = Question(kept(), ShardQuery.model_validate(query()), unit(1), None, deadline_s=5.0)
    times = iter((5.0, 5.001))
    in_time, late = answer_all([question, question], state_at, lambda: next(times))
    assert isinstance(in_time, bytes) and isinstance(late, Overloaded)


def test_each_of_several_questions_has_its_own_answer() -> None:
    one = ShardQuery.model_validate(query(limit=1))
    questions = [Question(kept(), one, vector, None, 5.0) for vector in (unit(1), unit(1) * 3, unit(2))]
    lamp, wrong, chair = answer_all(questions, state_at, lambda: 5.0)
    assert isinstance(wrong, Exception) and isinstance(lamp, bytes) and isinstance(chair, bytes)
    assert [ShardAnswer.model_validate_json(body).hits[0].sku for body in (lamp, chair)] == ["lamp", "chair"]
