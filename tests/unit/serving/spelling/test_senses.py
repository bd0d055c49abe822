"""All that a query with doubtful words may mean, and the vector that is made of it."""

import asyncio
import base64
from math import exp

import numpy as np
import pytest

from schemas.spelling import Candidate, Doubt, Sense
from serving.query_vectors import QueryVector, fp16_text
from serving.spelling.choose import choose, likelihoods
from serving.spelling.correct import unfinished
from serving.spelling.language import NoLanguage
from serving.spelling.meaning import mixed, vector_of
from serving.spelling.senses import SENSES_MAX, WEIGHT_MIN, WORD_SENSES_MAX, senses
from tests.unit.serving.spelling.test_choose import Spoken, doubt, one, rare


def of(text: str, *doubts: Doubt, language: Spoken | NoLanguage = NoLanguage(), typing: bool = False) -> list[Sense]:  # noqa: B008
    return senses(text, doubts, language, unfinished(text, typing=typing))


def test_what_was_typed_and_what_it_may_have_been_meant_to_be_as_likely_as_each_is() -> None:
    faucet = doubt("fauset", one("faucet", 0.75, 3))
    [(likely, text)] = likelihoods(faucet, NoLanguage())
    found = of("Bath fauset", faucet)
    assert {sense.text for sense in found} == {"Bath fauset", f"Bath {text}"}
    weights = {sense.text: sense.weight for sense in found}
    assert weights[f"Bath {text}"] == pytest.approx(exp(likely) / (1 + exp(likely)), abs=1e-4)
    assert sum(weights.values()) == pytest.approx(1.0, abs=1e-3)
    assert found[0].weight >= found[1].weight


def test_what_has_one_meaning_has_no_senses() -> None:
    assert of("red lamp") == []
    assert of("lamp", doubt("lamp")) == []
    assert of("ceiling", doubt("cieling", one("ceiling"))) == [], "a word of another text"
    sure = doubt("connecttor", one("connector", 0.55, 500))
    assert (
        choose(sure, Spoken(connector=4.5)) == "connector"
        and of("connecttor", sure, language=Spoken(connector=4.5)) == []
    )
    assert of("extention cord", rare("extention", 2, one("extension", 0.75, 99))) == [], "products hold it"


def test_a_word_that_is_not_finished_is_no_mistake() -> None:
    begun = doubt("fauset", one("faucet", 0.75, 3), beginning=9)
    assert of("fauset", begun, typing=True) == [] and of("fauset ", begun, typing=True) != []


def test_senses_are_as_many_as_may_be_and_none_is_unlikely() -> None:
    every = [
        doubt(word, *(one(f"{word[:-1]}{end}", 1.0, 5) for end in "ab")) for word in ("lampxz", "tablxz", "chaixz")
    ]
    found = of("lampxz tablxz chaixz", *every)
    assert len(found) == SENSES_MAX and sum(sense.weight for sense in found) == pytest.approx(1.0, abs=1e-3)
    assert [sense.weight for sense in found] == sorted((sense.weight for sense in found), reverse=True)
    many = doubt("lampxz", *(one(f"lampx{end}", 1.0, 5) for end in "abcdefg"))
    assert len(of("lampxz", many)) == WORD_SENSES_MAX
    more = doubt("lampxz", *(one(f"lampx{end}", 1.0, 5) for end in "abcdefghijklmnopqrstuvw"))
    assert WEIGHT_MIN > 1 / 24 and of("lampxz", more) == []


def test_two_words_that_were_written_as_one_are_a_sense() -> None:
    apart = doubt("powertool", Candidate(text="power tool", cost=0.8, holding=4, together=0))
    assert [sense.text for sense in of("powertool", apart)] == ["power tool", "powertool"]


def vector(*values: float) -> QueryVector:
    return QueryVector(fp16_text(np.array(values, np.float32)), "cache")


def values(told: QueryVector) -> list[float]:
    return [float(value) for value in np.frombuffer(base64.b64decode(told.fp16), "<f2")]


def test_a_vector_lies_between_those_of_the_senses_nearer_the_likelier_and_has_length_1() -> None:
    found = values(mixed([vector(1, 0), vector(0, 1)], [0.8, 0.2]))
    assert found[0] > found[1] > 0 and np.linalg.norm(found) == pytest.approx(1.0, abs=1e-3)
    assert found[0] / found[1] == pytest.approx(4.0, rel=1e-2)
    assert values(mixed([vector(1, 0), vector(-1, 0)], [0.5, 0.5])) == [1.0, 0.0], "else there were no direction at all"


async def test_what_fails_is_raised_once_all_have_ended() -> None:
    ended: list[str] = []

    class Encoding:
        async def of(self, text: str, timeout_s: float) -> QueryVector:
            if text == "bad":
                raise ValueError(text)
            await asyncio.sleep(0)
            ended.append(text)
            return vector(1, 0)

    with pytest.raises(ValueError, match="bad"):
        await vector_of([Sense(text="bad", weight=0.5), Sense(text="good", weight=0.5)], Encoding(), 1.0)
    assert ended == ["good"]
    assert await vector_of([Sense(text="good", weight=1.0)], Encoding(), 1.0) == vector(1, 0)
