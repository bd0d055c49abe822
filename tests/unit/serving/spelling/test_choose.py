"""What a word was meant to be."""

from collections.abc import Mapping, Sequence

import pytest

from schemas.spelling import Candidate, CorrectedWord, Doubt
from serving.spelling.choose import COST_SHARE_MAX, Near, choose
from serving.spelling.correct import correct, put_right
from serving.spelling.language import NoLanguage, SpokenLanguage
from serving.spelling.merge import agreed


def one(text: str, cost: float = 0.6, holding: int = 10, together: int = 0) -> Candidate:
    return Candidate(text=text, cost=cost, holding=holding, together=together)


def doubt(word: str, *candidates: Candidate, beginning: int = 0) -> Doubt:
    return Doubt(word=word, candidates=list(candidates), beginning=beginning)


class Spoken:
    """Words, and what is near which."""

    def __init__(self, *words: str, near: Mapping[str, Sequence[Near]] | None = None) -> None:
        self.words, self.nearest = words, near or {}

    def has(self, word: str) -> bool:
        return word in self.words

    def derives(self, word: str) -> bool:
        return word.removesuffix("er") in self.words

    def near(self, word: str) -> Sequence[Near]:
        return self.nearest.get(word, ())


def test_the_nearest_and_of_equally_near_ones_the_more_frequent() -> None:
    asked = doubt("lader", one("laser", 1.0, 1961, 379), one("ladder", 0.6, 6))
    assert choose(asked, NoLanguage()) == "ladder"
    assert choose(doubt("pannel", one("panel", 0.6, 3), one("pannal", 0.6, 40)), NoLanguage()) == "pannal"
    assert choose(doubt("stcking", one("stacking", 1.0, 9, 5), one("sticking", 1.0, 9)), NoLanguage()) == "stacking"
    assert choose(doubt("xyzzy"), NoLanguage()) is None


@pytest.mark.parametrize(
    ("word", "candidate", "meant"),
    [
        ("lamp", one("lmap", 0.6), "lmap"),
        ("behr", one("bear", 1.0), None),
        ("tv", one("tvs", 0.6), None),
        ("ubs", one("usb", 0.6), None),
        ("dor", one("door", 0.6), "door"),
        ("vinal", one("vinyl", 0.8), "vinyl"),
        ("hoist", one("host", 1.0), None),
        ("conecor", one("connector", 1.6), "connector"),
        ("a" * 10, one("b" * 10, COST_SHARE_MAX * 10), "b" * 10),
        ("a" * 10, one("b" * 10, COST_SHARE_MAX * 10 + 0.1), None),
        ("powertool", one("power tool", 0.8), "power tool"),
        ("jobmax", one("job max", 0.8), None),
    ],
)
def test_what_is_too_far_is_left(word: str, candidate: Candidate, meant: str | None) -> None:
    assert choose(doubt(word, candidate), NoLanguage()) == meant


def test_a_word_of_the_language_is_no_mistake_and_one_with_an_ending_only_a_slip_away() -> None:
    spoken = Spoken("heater", "paint")
    assert choose(doubt("heater", one("header")), spoken) is None
    assert choose(doubt("painter", one("printer", 1.0)), spoken) is None
    assert choose(doubt("painter", one("paintre", 0.6)), spoken) == "paintre"
    assert choose(doubt("painter", one("pain tertiary", 0.8)), spoken) is None


def test_a_nearer_word_of_the_language_is_meant_even_if_the_catalogue_lacks_it() -> None:
    spoken = Spoken(
        near={
            "toliet": [Near("toilet", 0.6), Near("violet", 2.0)],
            "grage": [Near("garage", 0.6)],
            "kraus": [Near("klaus", 1.0)],
        }
    )
    assert choose(doubt("toliet", one("tolley", 1.2)), spoken) == "toilet"
    assert choose(doubt("toliet"), spoken) == "toilet"
    assert choose(doubt("grage", one("grade", 0.6)), spoken) == "grade", "of equally near ones the catalogue's"
    assert choose(doubt("kraus"), spoken) is None, "a name that is no slip away from a word"


def test_a_word_that_any_partition_knows_is_no_mistake_and_counts_are_added() -> None:
    here = [doubt("cieling", one("ceiling", holding=3, together=1), beginning=2), doubt("lite", one("light"))]
    there = [doubt("cieling", one("ceiling", holding=4), one("sealing", 1.6, 1), beginning=1)]
    [merged] = agreed([here, there])
    assert merged.word == "cieling" and merged.beginning == 3
    assert {(c.text, c.holding, c.together) for c in merged.candidates} == {("ceiling", 7, 1), ("sealing", 1, 0)}
    assert agreed([]) == [] == agreed([here, []])


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
    note = doubt("noteb", one("note", 0.9, holding=5), beginning=9)
    assert right("noteb", note) == "noteb" and right("noteb ", note) == "note " and right("noteb x", note) == "note x"
    cement = doubt("cemet", one("cement", 1.0, holding=50), beginning=1)
    assert right("cemet", cement) == "cement" and right("cemet", cement, typing=True) == "cemet"
    ceiling = doubt("ceilin", one("ceiling", 1.0, holding=5), beginning=9)
    assert right("ceilin", ceiling) == "ceiling" and right("ceilin", ceiling, typing=True) == "ceilin"
    assert right("cieling", doubt("cieling", one("ceiling")), typing=True) == "ceiling"


def test_a_spoken_language_knows_words_their_endings_and_what_is_near() -> None:
    spoken = SpokenLanguage(["heat", "drive", "plan", "mulch", "toilet", "##er", "of", "42", "cat"])
    try:
        assert [spoken.has(word) for word in ("heat", "of", "42", "toliet")] == [True, False, False, False]
        derived = ("heater", "driving", "mulching", "heats", "driver", "heatx", "cats", "toliets")
        assert [spoken.derives(word) for word in derived] == [True, True, True, True, True, False, False, False]
        assert spoken.derives("plannner") is False and spoken.derives("planner") is True
        [near] = spoken.near("toliet")
        assert near.text == "toilet" and near.cost == pytest.approx(0.6)
    finally:
        spoken.close()
