"""What a shard tells of the words of a query that it does not know."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from index_snapshots.compounds import Others, apart_and_together
from index_snapshots.doubts import doubts
from index_snapshots.word_index import Committed, WordIndex
from index_snapshots.word_text import spoken
from schemas.spelling import DOUBTS_MAX, NEAR_MAX, RARE_MAX, Doubt


class Shelf:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.index = WordIndex(folder)
        self.count = 0

    def put(self, *titles: str, locale: str = "") -> None:
        for title in titles:
            product = spoken(f"sku-{self.count}x", {"title": title, "locale": locale}, ())
            self.index.put(self.count, self.count, product)
            self.count += 1

    @property
    def now(self) -> Committed:
        self.index.commit()
        return self.index.now


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    made = Shelf(tmp_path)
    yield made
    made.index.close()


def asked(now: Committed, text: str) -> list[Doubt]:
    return doubts(now, now.understand(text, joining=True))


def found(now: Committed, text: str, *, joining: bool = True) -> list[int]:
    return now.best(now.understand(text, joining=joining), 100).slots


def test_words_that_are_spelt_like_an_unknown_one_with_how_many_hold_them(shelf: Shelf) -> None:
    shelf.put("Ceiling light", "Ceilings", "Filing cabinet")
    [doubt] = asked(shelf.now, "cieling light ")
    assert doubt.word == "cieling" and doubt.beginning == 0
    best = doubt.candidates[0]
    assert (best.text, best.holding, best.together) == ("ceiling", 2, 1)
    assert [one.text for one in doubt.candidates] == ["ceiling", "ceilings", "filing"]


@pytest.mark.parametrize("text", ["Light", "LIGHTING", "the", "wh1000xm5", "xy", "cafe", "500 gb", ""])
def test_what_some_product_holds_is_in_no_doubt_nor_what_is_no_word(shelf: Shelf, text: str) -> None:
    shelf.put("Light", "Lighting", "Café")
    assert asked(shelf.now, text + " ") == []


def test_a_word_that_stands_nowhere_so_is_in_doubt_though_products_hold_its_stem(shelf: Shelf) -> None:
    shelf.put("Insulation", "Wall insulation", "Cell phone", "Headset")
    [doubt] = asked(shelf.now, "wall insullation ")
    assert doubt.form and [(one.text, one.holding, one.together) for one in doubt.candidates] == [("insulation", 2, 1)]
    assert [(doubt.word, doubt.form) for doubt in asked(shelf.now, "insulations celling ")] == [
        ("insulations", True),
        ("celling", True),
    ]
    assert asked(shelf.now, "head set ") == [] == asked(shelf.now, "wall phone ")
    [unknown] = asked(shelf.now, "phnoe ")
    assert not unknown.form


@pytest.mark.parametrize("holding", [RARE_MAX, RARE_MAX + 1])
def test_a_word_that_few_products_hold_is_told_with_what_is_like_it(shelf: Shelf, holding: int) -> None:
    shelf.put(*["Extention cord"] * holding, *["Extension cord"] * 9, "Zebra")
    told = [(doubt.holding, doubt.form, doubt.candidates[0].text) for doubt in asked(shelf.now, "extention cord ")]
    assert told == ([(holding, False, "extension")] if holding <= RARE_MAX else [])
    assert asked(shelf.now, "zebra ") == [], "nothing is like it"


def test_a_word_that_went_with_its_products_is_no_candidate(shelf: Shelf) -> None:
    shelf.put("Ceiling", "Chair")
    assert [one.text for one in asked(shelf.now, "cieling ")[0].candidates] == ["ceiling"]
    shelf.index.remove(0)
    shelf.put("Chair")
    assert asked(shelf.now, "cieling ")[0].candidates == []


def test_accents_are_kept_in_what_is_meant(shelf: Shelf) -> None:
    shelf.put("Möbel für Kinder", locale="de")
    assert [one.text for one in asked(shelf.now, "mobell ")[0].candidates] == ["möbel"]


def test_two_words_written_as_one_where_a_product_holds_both(shelf: Shelf) -> None:
    shelf.put("Power tool", "Power station", "Tool box", "Garden hose")
    [doubt] = asked(shelf.now, "powertool ")
    assert [(one.text, one.holding) for one in doubt.candidates] == [("power tool", 1)]
    assert asked(shelf.now, "powergarden ")[0].candidates == []


def test_an_unfinished_word_tells_how_many_go_on_so(shelf: Shelf) -> None:
    shelf.put("Notebook", "Notebook", "Note")
    [doubt] = asked(shelf.now, "noteb")
    assert doubt.beginning == 2 and [one.text for one in doubt.candidates] == ["note"]


@pytest.mark.parametrize("count", [DOUBTS_MAX, DOUBTS_MAX + 1])
def test_only_so_many_words_are_in_doubt(shelf: Shelf, count: int) -> None:
    shelf.put("Lamp")
    text = " ".join(f"unknown{letter}" for letter in "abcdefghij"[:count])
    assert len(asked(shelf.now, text)) == DOUBTS_MAX


@pytest.mark.parametrize("count", [NEAR_MAX, NEAR_MAX + 1])
def test_only_the_nearest_are_told(shelf: Shelf, count: int) -> None:
    shelf.put(*(f"light{letter}" for letter in "abcdefghijk"[:count]))
    assert len(asked(shelf.now, "lightz ")[0].candidates) == NEAR_MAX


def test_words_are_known_again_when_an_index_is_opened(shelf: Shelf) -> None:
    shelf.put("Ceiling light")
    shelf.index.commit()
    shelf.index.close()
    shelf.index = WordIndex(shelf.folder)
    [doubt] = doubts(shelf.index.now, shelf.index.now.understand("cieling "))
    assert [one.text for one in doubt.candidates] == ["ceiling"]


def test_neighbours_are_one_word_where_the_catalogue_writes_them_so(shelf: Shelf) -> None:
    shelf.put("Headset", "Headset in black", "Head of a set", "Lamp")
    now = shelf.now
    assert sorted(found(now, "head set ")) == [0, 1, 2] and found(now, "head set ", joining=False) == [2]
    assert found(now, "head set ")[0] == 2, "what holds the words as they were typed comes first"
    wanted = now.understand("head set black ", joining=True)
    assert now.holding_all(wanted) == 1 and now.cover(wanted, 1) == pytest.approx(1.0)


def test_a_number_and_its_unit_are_found_apart_and_together(shelf: Shelf) -> None:
    shelf.put("Ladder 40 ft", "Rope 12m", "Rope 12m")
    now = shelf.now
    assert found(now, "40ft ") == [0] and found(now, "12 m ") == [1, 2]
    assert found(now, "40ft ", joining=False) == []


def test_a_letter_alone_is_mostly_no_unit(shelf: Shelf) -> None:
    shelf.put("Set of 3 b parts", "Rope 12 m", "Plug 16 0z")
    now = shelf.now
    assert found(now, "3b ") == [] and found(now, "12m ") == [1]
    assert [other.words for other in apart_and_together(["16", "0z", "24x"])] == []
    assert [other.ways for other in apart_and_together(["3", "d"])] == [("3d",)], "but it may be written so"


def test_other_ways_to_say_a_word_are_found_behind_the_word_itself(shelf: Shelf) -> None:
    shelf.put("Flat screen", "TV", "Screen", "Telly")
    now = shelf.now
    others = (Others(("tv",), ("flat screen", "telly")),)
    first, *behind = now.best(now.understand("tv ", others=others), 10).slots
    assert first == 1 and sorted(behind) == [0, 3]
    back = (Others(("flat", "screen"), ("tv",)),)
    assert now.best(now.understand("flat screen ", others=back), 10).slots[:2] == [0, 1]
    assert 1 not in now.best(now.understand("screen ", others=back), 10).slots, "both words must be there"


def test_neighbours_stay_apart_where_the_catalogue_mostly_writes_them_so(shelf: Shelf) -> None:
    shelf.put("Micro sd card", "Micro sd reader", "Microsd card")
    assert found(shelf.now, "micro sd ") == [0, 1]
    shelf.put("Film 3m", "Film of 3 m", "Rope of 3 m")
    assert found(shelf.now, "3m ") == [3], "what some product holds as it was typed is meant so"
