"""Which of the words that are spelt alike goes with the rest of a query."""

import asyncio

import numpy as np
import pytest

from schemas.errors import Unavailable
from schemas.spelling import Doubt
from serving.query_vectors import QueryVector, fp16_text
from serving.spelling.choose import LEAST, Near, choose, likelihoods
from serving.spelling.context import CLOSE, NO_CONTEXT, Context, rest
from serving.spelling.correct import correct, unfinished
from serving.spelling.language import NoLanguage
from serving.spelling.looking_around import LOOKED_AT_MAX, WORDS_MAX, asked, context_of
from serving.spelling.senses import senses
from tests.unit.serving.spelling.test_choose import Spoken, doubt, one, rare

FAUET = doubt("fauet")
ENGLISH = Spoken(
    {"fauet": [Near("faucet", 0.65), Near("fault", 0.9), Near("fast", 1.3)]}, faucet=3.0, fault=4.3, fast=5
)
BY_BATH = Context({"fauet": 0.1, "faucet": 0.5, "fault": 0.1, "fast": 0.0})


def none_is(doubt: Doubt, better: str) -> bool:
    """Unfinished."""
    return False


class Encoder:
    """Of two dimensions: words of a bathroom, and others."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error, self.texts = error, list[str]()

    async def of(self, text: str, timeout_s: float) -> QueryVector:
        self.texts.append(text)
        if self.error is not None:
            raise self.error
        await asyncio.sleep(0)
        near = 1.0 if text in ("bath", "faucet") else 0.0
        return QueryVector(fp16_text(np.array([near, 1.0 - near], np.float32)), "cache")


async def looked_around(text: str, *doubts: Doubt, encoder: Encoder | None = None) -> Context:
    return await context_of(text, doubts, ENGLISH, unfinished(text, typing=True), encoder or Encoder(), 1.0)


def test_what_is_near_the_rest_is_likelier_by_as_much() -> None:
    alone, beside = dict_of(likelihoods(FAUET, ENGLISH)), dict_of(likelihoods(FAUET, ENGLISH, BY_BATH))
    assert beside["faucet"] - alone["faucet"] == pytest.approx(CLOSE * 0.4)
    assert beside["fault"] == pytest.approx(alone["fault"])
    assert dict_of(likelihoods(FAUET, ENGLISH, Context({"fauet": 0.1, "faucet": 0.5})))["fast"] == float("-inf")


def dict_of(likely: list[tuple[float, str]]) -> dict[str, float]:
    return {text: odds for odds, text in likely}


def test_a_word_is_chosen_by_the_rest_of_the_query() -> None:
    assert choose(FAUET, ENGLISH) != "faucet"
    assert choose(FAUET, ENGLISH, BY_BATH) == "faucet"
    [found] = correct("bath fauet", [FAUET], ENGLISH, BY_BATH)
    assert found.instead == "faucet"
    against = Context({"fauet": 0.6, "faucet": 0.1, "fault": 0.1, "fast": 0.1})
    assert choose(FAUET, ENGLISH, against) is None and LEAST > 0, "what was typed goes better with it"


def test_a_word_of_the_language_is_not_put_right_by_the_rest_but_its_meaning_may_be() -> None:
    licks = doubt("licks", one("locks", 0.75, 300))
    english = Spoken(licks=3.2, locks=3.9)
    by_door = Context({"licks": 0.1, "locks": 0.6})
    assert choose(licks, english) is None and choose(licks, english, by_door) is None

    def told(context: Context) -> list[str]:
        found = senses("door licks", [licks], english, unfinished("door licks", typing=False), context)
        return [sense.text for sense in found]

    assert told(NO_CONTEXT) == [] and sorted(told(by_door)) == ["door licks", "door locks"]


def test_the_rest_is_what_is_not_doubted() -> None:
    assert rest("Bath  Fauet, chrome", [FAUET]) == "Bath , chrome"
    assert rest("fauet", [FAUET]) == "" == rest("fauet !", [FAUET])


async def test_the_rest_and_the_likeliest_words_are_encoded_and_compared() -> None:
    encoder = Encoder()
    found = await looked_around("bath fauet", FAUET, encoder=encoder)
    assert encoder.texts[0] == "bath" and set(encoder.texts[1:]) == set(found.near)
    assert found.near["faucet"] == pytest.approx(1.0) and found.near["fauet"] == pytest.approx(0.0)


async def test_of_the_rest_its_nearest_word_counts_a_third() -> None:
    encoder = Encoder()
    found = await looked_around("white bath fauet", FAUET, encoder=encoder)
    assert encoder.texts[:3] == ["white bath", "white", "bath"] and len(encoder.texts) == len(set(encoder.texts))
    assert found.near["faucet"] == pytest.approx(1 / 3) and found.near["fauet"] == pytest.approx(1.0)
    many = " ".join(f"white{at}" for at in range(99))
    await looked_around(f"{many} fauet", FAUET, encoder=encoder)
    assert len(encoder.texts) < 99


async def test_nothing_is_encoded_where_there_is_no_rest_and_nothing_else_may_be_meant() -> None:
    encoder = Encoder()
    for text, doubts in (
        ("fauet", [FAUET]),
        ("bath fauet", []),
        ("bath extention", [rare("extention", 2, one("extension", 0.75, 99))]),
        ("bath xyzzyx", [doubt("xyzzyx")]),
        ("bath fauet", [FAUET.model_copy(update={"beginning": 9})]),
    ):
        assert await looked_around(text, *doubts, encoder=encoder) == NO_CONTEXT
    assert encoder.texts == []


@pytest.mark.parametrize("error", [Unavailable("away"), TimeoutError()])
async def test_without_the_encoder_every_word_is_judged_alone(error: Exception) -> None:
    assert await looked_around("bath fauet", FAUET, encoder=Encoder(error)) == NO_CONTEXT


async def test_a_bug_is_not_hidden() -> None:
    with pytest.raises(ValueError, match="bug"):
        await looked_around("bath fauet", FAUET, encoder=Encoder(ValueError("bug")))


def test_how_much_is_encoded_has_limits() -> None:
    many = [doubt(f"lampx{end}", *(one(f"lamp{other}{end}", 1.0, 5) for other in "abcdefghijkl")) for end in "abcdef"]
    text = " ".join(["bath", *(each.word for each in many)])
    words = asked(text, many, NoLanguage(), none_is)[1]
    assert (
        len(words) <= WORDS_MAX and len(asked("bath lampxa", many[:1], NoLanguage(), none_is)[1]) == 1 + LOOKED_AT_MAX
    )


def test_another_form_of_a_word_that_products_hold_is_in_no_doubt() -> None:
    form = doubt("licks", one("locks", 0.75, 300)).model_copy(update={"form": True})
    assert likelihoods(form, Spoken(licks=2.6, locks=3.9)) == []
    assert asked("door licks", [form], Spoken(licks=2.6, locks=3.9), none_is)[1] == []
