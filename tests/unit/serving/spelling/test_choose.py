"""What a word was meant to be."""

from collections.abc import Mapping, Sequence
from math import log10

import pytest

from schemas.edits import SLIP
from schemas.spelling import Candidate, CorrectedWord, Doubt
from serving.spelling.choose import (
    ANY,
    EDITS,
    FREQUENT_PARTS,
    HELD,
    HOLDING,
    LEAST,
    MORE_TIMES,
    NEUTRAL,
    RARER_PARTS,
    SURE,
    UNKNOWN,
    Near,
    choose,
    likelihoods,
    offered,
)
from serving.spelling.correct import correct, offers, put_right
from serving.spelling.language import NoLanguage, SpokenLanguage
from serving.spelling.merge import agreed
from serving.spelling.sounds import BY_EAR


def one(text: str, cost: float = 0.6, holding: int = 10, together: int = 0) -> Candidate:
    return Candidate(text=text, cost=cost, holding=holding, together=together)


def doubt(word: str, *candidates: Candidate, beginning: int = 0) -> Doubt:
    return Doubt(word=word, candidates=list(candidates), beginning=beginning)


class Spoken:
    """Words with their frequency, and what is near which."""

    knows = True

    def __init__(self, near: Mapping[str, Sequence[Near]] | None = None, **words: float) -> None:
        self.words, self.nearest = words, near or {}

    def has(self, word: str) -> bool:
        return word in self.words

    def likely(self, word: str) -> float:
        return self.words.get(word, UNKNOWN)

    def near(self, word: str) -> Sequence[Near]:
        return self.nearest.get(word, ())


def test_the_nearest_and_of_equally_near_ones_the_more_frequent() -> None:
    asked = doubt("lader", one("laser", 1.0, 1961, 379), one("ladder", 0.55, 6))
    assert choose(asked, NoLanguage()) == "ladder"
    assert choose(doubt("pannel", one("panel", 0.6, 3), one("pannal", 0.6, 40)), NoLanguage()) == "pannal"
    assert choose(doubt("xyzzy"), NoLanguage()) is None
    assert choose(doubt("stcking", one("stacking", 0.6), one("sticking", 0.6, together=3)), NoLanguage()) == "sticking"
    spoken = Spoken(stacking=4.0, sticking=2.5)
    assert choose(doubt("stcking", one("stacking", 0.65), one("sticking", 0.65)), spoken) == "stacking"


@pytest.mark.parametrize(
    ("word", "candidate", "meant"),
    [
        ("lamp", one("lmap", 0.55), "lmap"),
        ("behr", one("bear", 1.0), None),
        ("tv", one("tvs", 0.6), None),
        ("ubs", one("usb", 0.0), None),
        ("usbb", one("usb", 0.6), "usb"),
        ("dor", one("door", 0.55), "door"),
        ("hoist", one("host", 1.0), None),
        ("conecor", one("connector", 1.2), "connector"),
        ("powertool", one("power tool", 0.8), "power tool"),
        ("jobmax", one("job max", 0.8), None),
    ],
)
def test_what_is_too_far_is_left(word: str, candidate: Candidate, meant: str | None) -> None:
    assert choose(doubt(word, candidate), Spoken(None, **{candidate.text: NEUTRAL})) == meant


def test_where_no_word_of_the_language_is_known_it_takes_more() -> None:
    asked = doubt("conecor", one("connector", 1.2))
    assert choose(asked, NoLanguage()) is None and choose(doubt("conector", one("connector")), NoLanguage()) is not None


@pytest.mark.parametrize(("over", "meant"), [(-0.01, "bbbbbb"), (0.01, None)])
def test_what_is_not_likely_enough_is_left(over: float, meant: str | None) -> None:
    cost = (LEAST - ANY - HELD - HOLDING * log10(1 + 9)) / EDITS
    spoken = Spoken(bbbbbb=NEUTRAL, bbbbbbbbbbbb=NEUTRAL)
    assert choose(doubt("aaaaaa", one("bbbbbb", cost + over, 9)), spoken) == meant
    twice = doubt("aaaaaaaaaaaa", one("bbbbbbbbbbbb", 2 * (cost + over), 9))  # of a word twice as long twice as much
    assert choose(twice, spoken) == (meant and 2 * meant)


def test_a_word_of_the_language_is_no_mistake_unless_it_is_rare_and_what_products_hold_is_very_near() -> None:
    assert choose(doubt("heater", one("header")), Spoken(heater=4.0)) is None
    nickle = doubt("nickle", one("nickel", 0.55, 99))
    assert choose(nickle, Spoken(nickle=1.8, nickel=4.0)) == "nickel"
    assert choose(nickle, Spoken(nickle=3.0, nickel=4.0)) is None
    near = {"nickle": [Near("nickel", 0.55)]}
    assert choose(doubt("nickle"), Spoken(near, nickle=1.8, nickel=4.0)) is None, "nothing would be won"
    assert choose(doubt("heater", one("header")), NoLanguage()) == "header"


def test_another_form_of_what_products_hold_is_a_mistake_only_in_a_language_that_is_known() -> None:
    form = doubt("lampen", one("lampe", 0.65)).model_copy(update={"form": True})
    assert choose(form, NoLanguage()) is None and choose(form, Spoken(lampen=3.0)) is None
    assert choose(form, Spoken(lampe=3.0)) == "lampe" == choose(form.model_copy(update={"form": False}), NoLanguage())


def rare(word: str, holding: int, *candidates: Candidate) -> Doubt:
    return doubt(word, *candidates).model_copy(update={"holding": holding})


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        (rare("extention", 2, one("extension", 0.75, 2 * MORE_TIMES)), "extension"),
        (rare("extention", 2, one("extension", 0.75, 2 * MORE_TIMES - 1)), None),
        (doubt("nickle", one("nickel", 0.55, MORE_TIMES)), "nickel"),
        (doubt("nickle", one("nickel", 0.55, MORE_TIMES - 1)), None),
        (doubt("heater", one("header", 0.75, 99)), None),
        (rare("extention", 2, one("exhausted", 3.0, 999)), None),
        (rare("bookshelf", 1, one("book shelf", 0.8, 999)), None),
    ],
)
def test_what_else_may_be_meant_by_a_rare_word_is_offered_and_never_taken(asked: Doubt, meant: str | None) -> None:
    spoken = Spoken(nickle=2.64, nickel=4.0, heater=4.2, header=4.0, extension=4.5)
    assert offered(asked, spoken) == meant and choose(asked, spoken) is None
    text = f"red {asked.word} cord"
    told = [CorrectedWord(typed=asked.word, instead=meant)] if meant else []
    assert offers(text, [asked], spoken) == told and correct(text, [asked], spoken) == []


def test_nothing_is_offered_for_an_unfinished_word_or_another_form_in_a_language_that_is_not_known() -> None:
    cord = rare("extention", 1, one("extension", 0.75, 99)).model_copy(update={"beginning": 3})
    assert offers("extention", [cord], NoLanguage(), typing=True) == []
    assert offers("extention ", [cord], NoLanguage(), typing=True) != []
    form = doubt("lampen", one("lampe", 0.65, 99)).model_copy(update={"form": True})
    assert offered(form, NoLanguage()) is None


def test_a_nearer_word_of_the_language_is_meant_even_if_the_catalogue_lacks_it() -> None:
    near = {
        "toliet": [Near("toilet", 0.55), Near("violet", 1.8)],
        "grage": [Near("garage", 0.65), Near("grade", 0.65)],
        "kraus": [Near("klaus", 1.0)],
    }
    spoken = Spoken(near, toilet=4.2, violet=4.0, garage=4.5, grade=4.6, klaus=3.5)
    assert choose(doubt("toliet", one("tolley", 1.2)), spoken) == "toilet"
    assert choose(doubt("toliet"), spoken) == "toilet"
    assert choose(doubt("grage", one("garage", 0.65)), spoken) == "garage", "of equally near ones the catalogue's"
    assert choose(doubt("kraus"), spoken) is None, "a name that is no slip away from a word"


@pytest.mark.parametrize(
    ("word", "apart"),
    [
        ("doorhinge", "door hinge"),
        ("airfilter", "air filter"),
        ("fanlite", None),
        ("builtin", "built in"),
        ("ofdoors", None),
        ("onfire", None),
        ("hingedoors", None),
    ],
)
def test_two_frequent_words_that_were_written_as_one(word: str, apart: str | None) -> None:
    long, short = FREQUENT_PARTS
    spoken = Spoken(door=long, hinge=long, air=short, fan=short - 0.1, filter=4.5)
    spoken.words |= {"built": 4.9, "fire": 5.0, "lite": 4.5, "doors": long - 0.1}
    assert choose(doubt(word), spoken) == apart
    assert choose(doubt(word, one("surely", 0.1)), spoken) == "surely"


def test_the_meaning_may_be_of_rarer_words_that_were_written_as_one() -> None:
    spoken = Spoken(fuel=RARER_PARTS.zipf, pellets=RARER_PARTS.zipf)
    assert choose(doubt("fuelpellets"), spoken) is None and likelihoods(doubt("fuelpellets"), spoken) == []
    assert likelihoods(doubt("fuelpellets"), spoken, parts=RARER_PARTS) == [(SURE, "fuel pellets")]


def test_the_likeliest_place_to_take_two_words_apart() -> None:
    spoken = Spoken(doors=4.5, creen=4.3, door=4.8, screen=4.6)
    assert choose(doubt("doorscreen"), spoken) == "door screen"


def test_a_word_that_any_partition_knows_is_no_mistake_and_counts_are_added() -> None:
    here = [doubt("cieling", one("ceiling", holding=3, together=1), beginning=2), doubt("lite", one("light"))]
    there = [doubt("cieling", one("ceiling", holding=4), one("sealing", 1.6, 1), beginning=1)]
    [merged] = agreed([here, there])
    assert merged.word == "cieling" and merged.beginning == 3
    assert {(c.text, c.holding, c.together) for c in merged.candidates} == {("ceiling", 7, 1), ("sealing", 1, 0)}
    assert agreed([]) == [] == agreed([here, []])
    formed = doubt("cieling").model_copy(update={"form": True})
    assert [merged.form, agreed([here, [formed]])[0].form] == [False, True]
    assert agreed([[rare("cieling", 2)], [rare("cieling", 3)]])[0].holding == 5


def right(text: str, *doubts: Doubt, typing: bool = False) -> str:
    return put_right(text, correct(text, doubts, NoLanguage(), typing=typing))


def test_the_rest_of_a_query_stays_as_it_was_typed() -> None:
    wall = doubt("pannels", one("panels", holding=44))
    assert right("Wall-PANNELS 3/4in, pannels!", wall) == "Wall-panels 3/4in, panels!"
    assert correct("PANNELS pannels", [wall], NoLanguage()) == [
        CorrectedWord(typed="PANNELS", instead="panels"),
        CorrectedWord(typed="pannels", instead="panels"),
    ]
    assert right("Möbell", doubt("mobell", one("möbel"))) == "möbel"
    assert right("lamp", wall) == "lamp" and right("", wall) == ""


def test_an_unfinished_last_word_is_left_where_more_go_on_so() -> None:
    note = doubt("noteb", one("note", 0.4, holding=5), beginning=9)
    assert right("noteb", note) == "noteb" and right("noteb ", note) == "note " and right("noteb x", note) == "note x"
    cement = doubt("cemet", one("cement", 0.65, holding=50), beginning=1)
    assert right("cemet", cement) == "cement" and right("cemet", cement, typing=True) == "cemet"
    ceiling = doubt("ceilin", one("ceiling", 0.65, holding=5), beginning=9)
    assert right("ceilin", ceiling) == "ceiling" and right("ceilin", ceiling, typing=True) == "ceilin"
    assert right("cieling", doubt("cieling", one("ceiling")), typing=True) == "ceiling"


def test_a_spoken_language_knows_words_how_frequent_they_are_and_what_is_near() -> None:
    spoken = SpokenLanguage(["aluminum", "##er", "of", "42"])
    try:
        known = [spoken.has(word) for word in ("toilet", "aluminum", "kennel", "of", "42", "toliet", "möbel", "a" * 99)]
        assert known == [True, True, True, False, False, False, False, False]
        assert spoken.likely("door") > spoken.likely("kennel") > spoken.likely("toliet") == UNKNOWN
        near = dict(spoken.near("toliet"))
        assert near["toilet"] == pytest.approx(BY_EAR * SLIP) and "spandrels" not in dict(spoken.near("spandrells")), (
            "it is rare"
        )
        assert "aluminum" in dict(spoken.near("alumimum"))
        assert "fluorescent" in dict(spoken.near("florsent")), "it sounds alike, however it is spelt"
        assert "fluorescent" not in dict(spoken.near("flor"))
    finally:
        spoken.close()
