"""Misspelt words of a query: what is asked again, what is told, and what is left as it was typed."""

import asyncio
import base64
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from aiohttp import web

from schemas.errors import Unavailable
from schemas.records import decode
from schemas.served import Served
from tests.unit.serving.fakes import FakeEncoding, FakeShard, Tier, hit, state


def doubt(word: str, instead: str, holding: int = 5) -> dict[str, Any]:
    near = {"text": instead, "cost": 0.6, "holding": holding, "together": 0}
    return {"word": word, "candidates": [near], "beginning": 0}


def shard(partition: int = 0, *doubts: Mapping[str, Any]) -> FakeShard:
    sku = "ab"[partition]
    made = FakeShard(state(partition), [hit(sku, 0.9)], words={sku: 1.0})

    async def answer() -> None:
        """What was put right is in no doubt."""
        still = list(doubts) if made.asked_words[-1]["doubts"] else []
        made.words_say = {"rarities": {"light": 1.0}, "doubts": still}

    made.behave_words = answer
    return made


CIELING = doubt("cieling", "ceiling")


async def test_misspelt_words_are_put_right_for_words_and_meaning_and_told() -> None:
    one, other = shard(0, CIELING), shard(1, CIELING)
    async with Tier([[one], [other]], served_full_share=1.0) as tier:
        answer = await tier.search(text="Cieling  light")
        assert answer["corrected"] == {
            "text": "ceiling light",
            "original": "Cieling light",
            "words": [{"typed": "Cieling", "instead": "ceiling"}],
        }
        for each in (one, other):
            first, again = each.asked_words
            assert (first["text"], first["joining"], first["doubts"]) == ("Cieling light", True, True)
            assert (again["text"], again["joining"], again["doubts"]) == ("ceiling light", True, False)
        assert tier.encoding.texts[-1] == "ceiling light" and answer["degraded"] == []
        await tier.wiring.served.drain()
        records = [record for batch in tier.log.read("served", 0, 0) for record in batch]
        record = decode(Served, records[0].value or b"")
        assert record.text == "Cieling  light" and record.corrected == {"Cieling": "ceiling"}
        assert record.inputs is not None and record.inputs.words == {"0": {"a": 1.0}, "1": {"b": 1.0}}


async def test_sizes_are_read_from_the_words_as_they_were_put_right() -> None:
    one = shard(0, doubt("inchs", "inches"))
    async with Tier([[one]]) as tier:
        await tier.search(text="lamp 10 inchs under 50")
        query = one.queries[-1]
        assert [size["text"] for size in query["wishes"]["sizes"]] == ["10 inches"]
        assert query["filters"]["price_max"] == 50.0 and one.asked_words[-1]["text"] == "lamp 10 inches"
        await tier.search(text="lamp 10 inchs", understand=[])
        assert one.queries[-1]["wishes"] is None


async def test_what_matches_is_counted_by_the_words_as_they_were_put_right() -> None:
    one = shard(0, CIELING)
    async with Tier([[one]]) as tier:
        await tier.search(text="cieling light", facets=["brand"], explain=True, explain_sku="x")
        counted = one.queries[-1]["counting"]["words"]
        assert (counted["text"], counted["joining"]) == ("ceiling light", True)
        assert one.asked_where[-1]["words"] == counted  # and so is a product's place told


async def test_what_else_may_be_meant_is_offered_and_not_searched() -> None:
    rare = {**doubt("extention", "extension", holding=99), "holding": 2}
    one = shard(0, rare, CIELING)
    async with Tier([[one]]) as tier:
        answer = await tier.search(text="cieling extention")
        assert answer["corrected"]["text"] == "ceiling extention" == tier.encoding.texts[-1]
        words = [{"typed": "extention", "instead": "extension"}]
        assert answer["did_you_mean"] == {"text": "ceiling extension", "words": words}
        assert (await tier.search(text="cieling extention", typos=False))["did_you_mean"] is None
        assert (await tier.search(text="cieling"))["did_you_mean"] is None


async def test_a_word_that_one_partition_knows_is_left() -> None:
    async with Tier([[shard(0, CIELING)], [shard(1)]]) as tier:
        answer = await tier.search(text="cieling light")
        assert answer["corrected"] is None and tier.encoding.texts == ["cieling light"]


@pytest.mark.parametrize(("setting", "asked", "on"), [(True, False, False), (False, None, False), (False, True, True)])
async def test_a_request_says_whether_words_are_put_right_else_the_setting(
    setting: bool, asked: bool | None, on: bool
) -> None:
    one = shard(0, CIELING)
    async with Tier([[one]], typos=setting) as tier:
        answer = await tier.search(text="cieling light", typos=asked)
        assert (answer["corrected"] is not None) is on
        assert one.asked_words[0]["joining"] is one.asked_words[0]["doubts"] is on


async def test_without_their_words_nothing_is_known_to_be_misspelt() -> None:
    one = shard(0, CIELING)
    async with Tier([[one]]) as tier:
        assert (await tier.search(text="cieling", mode="vector"))["corrected"] is None and not one.asked_words
        assert (await tier.search(text="cieling", mode="words"))["corrected"]["text"] == "ceiling"
        assert tier.encoding.texts == ["cieling"]


async def test_what_was_typed_ranks_where_a_partition_fails_the_second_time() -> None:
    one = shard(0, CIELING)
    plain = one.behave_words

    async def once() -> web.Response | None:
        assert plain is not None
        await plain()
        return None if one.asked_words[-1]["doubts"] else web.Response(status=500)

    one.behave_words = once
    async with Tier([[one]]) as tier:
        answer = await tier.search(text="cieling")
        assert answer["degraded"] == ["correct-0"] and answer["corrected"]["text"] == "ceiling"
        assert [found["sku"] for found in answer["hits"]] == ["a"] and answer["hits"][0]["words"] == 1.0


async def test_the_encoding_of_a_misspelt_query_is_given_up() -> None:
    gate = asyncio.Event()

    class Slow(FakeEncoding):
        async def encode(self, text: str, deadline_s: float) -> Any:
            if text == "cieling":
                self.texts.append(text)
                await gate.wait()
            return await super().encode(text, deadline_s)

    sure = doubt("cieling", "ceiling", holding=99_999)
    async with Tier([[shard(0, sure)]], encoding=Slow()) as tier:
        answer = await tier.search(text="cieling")
        assert tier.encoding.texts == ["cieling", "ceiling"] and answer["degraded"] == []


class ByText(FakeEncoding):
    """Each text means something else."""

    async def encode(self, text: str, deadline_s: float) -> Any:
        await super().encode(text, deadline_s)
        return np.eye(4, dtype=np.float32)[len(text) % 4]


UNSURE = {"word": "fauset", "candidates": [{"text": "faucets", "cost": 1.2, "holding": 2, "together": 0}]}


async def test_a_doubtful_query_is_searched_by_both_things_that_it_may_mean() -> None:
    one = shard(0, UNSURE)
    async with Tier([[one]], encoding=ByText(), served_full_share=1.0) as tier:
        answer = await tier.search(text="bath fauset", explain=True)
        assert answer["corrected"] is None and len(one.asked_words) == 1, "it is not likely enough for the words"
        shares = answer["explain"]["senses"]
        assert shares.keys() == {"bath fauset", "bath faucets"} and shares["bath fauset"] > shares["bath faucets"]
        asked = [np.frombuffer(base64.b64decode(one.queries[-1][name]), "<f2") for name in ("vector", "other_vector")]
        assert [int(vector.argmax()) for vector in asked] == [len("bath fauset") % 4, len("bath faucets") % 4]
        await tier.wiring.served.drain()
        [record] = [record for batch in tier.log.read("served", 0, 0) for record in batch]
        inputs = decode(Served, record.value or b"").inputs
        assert inputs is not None and (heard := inputs.heard) is not None
        assert {sense.text: sense.weight for sense in heard.senses} == shares


async def test_hits_of_both_things_take_turns() -> None:
    one = FakeShard(state(0), [hit(sku, score) for sku, score in zip("abcd", (0.9, 0.8, 0.7, 0.6), strict=True)])
    other = FakeShard(state(1), [hit("p", 0.5), hit("q", 0.4)])
    for each in (one, other):
        each.words_say = {"rarities": {"bath": 1.0}, "doubts": [UNSURE]}
    async with Tier([[one], [other]], encoding=ByText()) as tier:
        answer = await tier.search(text="bath fauset", limit=6, ranker="none")
        assert [found["sku"] for found in answer["hits"]] == [*"adbcpq"]
        one.words_say = other.words_say = {}
        sure = await tier.search(text="bath faucet", limit=6, ranker="none")
        assert [found["sku"] for found in sure["hits"]] == [*"abcdpq"]
        assert one.queries[-1]["other_vector"] is None


async def test_as_it_was_typed_and_by_words_alone_a_query_means_one_thing() -> None:
    one = shard(0, UNSURE)
    async with Tier([[one]], encoding=ByText()) as tier:
        assert (await tier.search(text="bath fauset", typos=False, explain=True))["explain"]["senses"] == {}
        assert tier.encoding.texts == ["bath fauset"]
        assert (await tier.search(text="bath fauset", mode="words", explain=True))["explain"]["senses"] == {}
        assert tier.encoding.texts == ["bath fauset"]


async def test_words_that_the_encoder_knows_are_put_right_in_its_language_alone() -> None:
    unknown = {"word": "toliet", "candidates": [], "beginning": 0}
    async with Tier([[shard(0, unknown)]]) as tier:
        tier.wiring.spelling.give(["toilet", "lamp"])
        assert (await tier.search(text="toliet"))["corrected"]["text"] == "toilet"
        assert (await tier.search(text="toliet", locale="de"))["corrected"] is None
        tier.wiring.spelling.close()


class OfTheBath(FakeEncoding):
    """A bath, a faucet and a kitchen lie in one direction, all else in another."""

    async def encode(self, text: str, deadline_s: float) -> Any:
        await super().encode(text, deadline_s)
        return np.eye(4, dtype=np.float32)[int(text not in ("bath", "faucet", "kitchen"))]


FAUET = {"word": "fauet", "candidates": [], "beginning": 0}


async def test_which_word_was_meant_is_judged_by_the_rest_of_the_query() -> None:
    one = shard(0, FAUET)
    async with Tier([[one]], encoding=OfTheBath(), served_full_share=1.0) as tier:
        tier.wiring.spelling.give(["lamp"])
        assert (await tier.search(text="bath fauet"))["corrected"]["text"] == "bath faucet"
        asked = tier.encoding.texts
        assert {"bath", "fauet", "faucet"} <= set(asked) and len(asked) < 16
        await tier.wiring.served.drain()
        [record] = [record for batch in tier.log.read("served", 0, 0) for record in batch]
        inputs = decode(Served, record.value or b"").inputs
        assert inputs is not None and (heard := inputs.heard) is not None and heard.corrected is not None
        assert "faucet" not in [one.text for one in heard.vectors], "what followed is kept, not what it was judged by"
        del asked[:]
        other = (await tier.search(text="pool fauet"))["corrected"]
        assert other is None or other["text"] != "pool faucet"
        del asked[:]
        await tier.search(text="kitchen fauet", mode="words")
        assert asked == []
        tier.wiring.spelling.close()


async def test_without_an_encoder_in_time_misspelt_words_are_judged_alone() -> None:
    async with Tier([[shard(0, CIELING)]], encoding=FakeEncoding(Unavailable("away"))) as tier:
        tier.wiring.spelling.give(["lamp"])
        answer = await tier.search(text="cieling light")
        assert answer["corrected"]["text"] == "ceiling light" and answer["degraded"] == ["encode"]
        tier.wiring.spelling.close()


async def test_an_explained_answer_tells_what_was_in_doubt() -> None:
    async with Tier([[shard(0, CIELING)]]) as tier:
        explain = (await tier.search(text="cieling", explain=True))["explain"]
        assert explain["doubts"]["0"]["cieling"]["ceiling"] == {"cost": 0.6, "holding": 5, "together": 0}


async def test_the_ladder_goes_on_from_the_corrected_words_and_both_are_told() -> None:
    one = shard(0, CIELING)
    one.words = {}
    async with Tier([[one]]) as tier:
        answer = await tier.search(text="cieling light")
        assert answer["corrected"]["text"] == "ceiling light"
        assert (answer["fallback"]["step"], answer["fallback"]["text"]) == ("meaning", "ceiling light")
