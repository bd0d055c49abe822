"""The two things that a query with doubtful words may mean, and the vectors of both."""

import asyncio
from math import exp

import pytest

from schemas.spelling import Candidate, Doubt, Sense
from serving.query_vectors import QueryVector
from serving.spelling.choose import Near, choose, likelihoods
from serving.spelling.context import Context
from serving.spelling.correct import unfinished
from serving.spelling.language import NoLanguage
from serving.spelling.meaning import vectors_of
from serving.spelling.senses import SENSES_MAX, SHARE_MIN, senses
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


def test_there_are_two_at_most_and_the_second_is_not_unlikely() -> None:
    every = [
        doubt(word, *(one(f"{word[:-1]}{end}", 1.0, 5) for end in "ab")) for word in ("lampxz", "tablxz", "chaixz")
    ]
    found = of("lampxz tablxz chaixz", *every)
    assert len(found) == SENSES_MAX and sum(sense.weight for sense in found) == pytest.approx(1.0, abs=1e-3)
    assert [sense.weight for sense in found] == sorted((sense.weight for sense in found), reverse=True)
    assert found[1].weight >= SHARE_MIN * found[0].weight
    sure = doubt("connecttor", one("connector", 0.55, 500))
    [(likely, _)] = likelihoods(sure, NoLanguage())
    assert exp(-likely) < SHARE_MIN and of("connecttor", sure) == []


def test_a_word_of_the_language_stays_one_of_the_two() -> None:
    english = Spoken({"licks": [Near("locks", 0.6), Near("links", 0.6)]}, licks=2.6, locks=5.5, links=5.5)
    by_door = Context({"licks": 0.0, "locks": 0.9, "links": 0.8})
    assert min(likelihoods(doubt("licks"), english, by_door))[0] > 0, "both are likelier than what was typed"
    found = senses("door licks", [doubt("licks")], english, unfinished("door licks", typing=False), by_door)
    assert [sense.text for sense in found] == ["door locks", "door licks"]


def test_two_words_that_were_written_as_one_are_a_sense() -> None:
    apart = doubt("powertool", Candidate(text="power tool", cost=0.8, holding=4, together=0))
    assert [sense.text for sense in of("powertool", apart)] == ["power tool", "powertool"]


async def test_each_has_its_vector() -> None:
    class Encoding:
        async def of(self, text: str, timeout_s: float) -> QueryVector:
            return QueryVector(text, "cache")

    both = [Sense(text="one", weight=0.5), Sense(text="other", weight=0.5)]
    assert [vector.fp16 for vector in await vectors_of(both, Encoding(), 1.0)] == ["one", "other"]


async def test_what_fails_is_raised_once_all_have_ended() -> None:
    ended: list[str] = []

    class Encoding:
        async def of(self, text: str, timeout_s: float) -> QueryVector:
            if text == "bad":
                raise ValueError(text)
            await asyncio.sleep(0)
            ended.append(text)
            return QueryVector(text, "cache")

    with pytest.raises(ValueError, match="bad"):
        await vectors_of([Sense(text="bad", weight=0.5), Sense(text="good", weight=0.5)], Encoding(), 1.0)
    assert ended == ["good"]
