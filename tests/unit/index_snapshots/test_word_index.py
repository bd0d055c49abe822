"""The index of words alone: languages, codes, beginnings, and what a hit holds."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from index_snapshots.word_index import PREFIX_TERMS_MAX, QUERY_WORDS_MAX, Committed, WordIndex, locale_of
from index_snapshots.word_text import spoken


class Shelf:
    """Products by number, put into an index."""

    def __init__(self, folder: Path) -> None:
        self.index = WordIndex(folder)
        self.count = 0

    def put(self, title: str, locale: str | None = None, **attributes: object) -> int:
        content = {"title": title, "locale": locale, "attributes": attributes}
        self.index.put(1000 + self.count, self.count, spoken(f"sku-{self.count}x", content, ()))
        self.count += 1
        return self.count - 1

    @property
    def now(self) -> Committed:
        self.index.commit()
        return self.index.now


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    made = Shelf(tmp_path)
    yield made
    made.index.close()


def slots(now: Committed, text: str, *, typing: bool = False) -> list[int]:
    return now.best(now.understand(text, typing=typing), 100).slots


@pytest.mark.parametrize(
    ("locale", "title", "asked"),
    [
        (None, "Running shoes", "the runs shoe"),
        ("en-GB", "Running shoes", "shoe running"),
        ("de", "Häuser für Kinder", "haus kind"),
        ("fr", "Chaussures élégantes", "chaussure elegante"),
        ("es", "Zapatos rojos", "zapato rojo"),
        ("it", "Scarpe rosse", "scarpa rossa"),
        ("nl", "Rode schoenen", "schoen"),
        ("pt_BR", "Sapatos vermelhos", "sapato vermelho"),
        ("cs", "Červené boty", "cervene"),
        ("ja", "無線耳機", "無線"),
    ],
)
def test_words_are_found_in_other_forms_of_their_language(
    shelf: Shelf, locale: str | None, title: str, asked: str
) -> None:
    shelf.put("Something else", locale)
    shelf.put(title, locale)
    now = shelf.now
    assert slots(now, asked) == [1]
    assert now.cover(now.understand(asked), 1) == pytest.approx(1.0)


def test_a_language_is_the_first_part_of_a_locale() -> None:
    assert [locale_of(text) for text in ("", "DE-at", "en_US", "cs", "x")] == ["en", "de", "en", "plain", "plain"]


def test_stop_words_alone_find_nothing_and_others_do_not_need_them(shelf: Shelf) -> None:
    shelf.put("The lamp with the shade")
    now = shelf.now
    assert now.understand("the with").words == () and slots(now, "the with") == slots(now, "") == []
    assert now.holding_all(now.understand("the")) == 0
    assert slots(now, "a shade for lamps") == [0]


@pytest.mark.parametrize("typed", ["WH-1000XM4", "wh1000xm4", "wh 1000xm4", "WH 1000 XM4", "wh-1000-xm4"])
def test_a_model_number_is_found_however_it_is_typed(shelf: Shelf, typed: str) -> None:
    shelf.put("Sony WH-1000XM3 headphones", model="WH-1000XM3")
    shelf.put("Headphones by Sony", model="WH-1000XM4")
    shelf.put("Case for 1000XM4 and 1000 others, WH")
    now = shelf.now
    assert now.understand(typed).codes == ("wh1000xm4",)
    assert slots(now, typed)[0] == 1
    assert now.holding_all(now.understand(typed)) >= 1


@pytest.mark.parametrize("typed", ["0095205603217", "095205603217", "95205603217"])
def test_a_barcode_is_found_with_and_without_zeros(shelf: Shelf, typed: str) -> None:
    shelf.put("Toner", ean=["0095205603217"])
    assert slots(shelf.now, typed) == [0]


def test_a_sku_is_a_code_and_a_word_of_a_longer_query_is_none(shelf: Shelf) -> None:
    shelf.put("Lamp", model="HDMI cable")
    now = shelf.now
    assert now.understand("SKU-0X").codes == ("sku0x",) == now.understand("a sku 0x please").codes
    assert now.understand("hdmi cable").codes == ()


def test_the_last_word_may_be_a_beginning(shelf: Shelf) -> None:
    shelf.put("Wireless headphones")
    shelf.put("A head for printers")
    now = shelf.now
    assert slots(now, "wirel") == [0] and slots(now, "wirel lamp") == [] and slots(now, "w") == []
    assert slots(now, "head") == [1] and slots(now, "head", typing=True) == [1, 0]
    assert slots(now, "wirel ") == []


@pytest.mark.parametrize("words", [PREFIX_TERMS_MAX, PREFIX_TERMS_MAX + 1])
def test_beginnings_are_limited(shelf: Shelf, words: int) -> None:
    for number in range(words):
        shelf.put(f"wo{number:03}")
    assert len(slots(shelf.now, "wo")) == PREFIX_TERMS_MAX


@pytest.mark.parametrize(("place", "found"), [(QUERY_WORDS_MAX, [0]), (QUERY_WORDS_MAX + 1, [])])
def test_words_of_a_query_are_limited(shelf: Shelf, place: int, found: list[int]) -> None:
    shelf.put("needle")
    others = " ".join(f"word{number}" for number in range(place - 1))
    assert slots(shelf.now, f"{others} needle ") == found


def test_more_of_the_words_come_before_one_that_is_more_prominent(shelf: Shelf) -> None:
    for number in range(20):
        shelf.put(f"Filler {number}")
    shelf.put("Laptop", description="a laptop, laptop, laptop")
    shelf.put("Great big bag made of wool and steel for any laptop that anybody could ever want")
    now = shelf.now
    assert slots(now, "laptop bag")[0] == 21
    assert now.holding_all(now.understand("laptop bag")) == 1 and now.holding_all(now.understand("laptop")) == 2
    assert 0 < now.cover(now.understand("laptop bag"), 20) < 1


def test_only_among_these_slots(shelf: Shelf) -> None:
    for _ in range(5):
        shelf.put("Lamp")
    now = shelf.now
    wanted = now.understand("lamp")
    assert now.best(wanted, 10, [1, 3, 99])[:2] == ([1001, 1003], [1, 3]) and now.best(wanted, 10, []).slots == []


def test_what_was_removed_is_gone_after_the_next_commit_and_not_before(shelf: Shelf) -> None:
    shelf.put("Lamp")
    before = shelf.now
    shelf.index.remove(0)
    assert slots(before, "lamp") == slots(shelf.index.now, "lamp") == [0]
    assert slots(shelf.now, "lamp") == []


def test_what_was_removed_makes_no_word_rarer_than_nothing(shelf: Shelf) -> None:
    """Until tantivy merges, removed products count in how many hold a word: more than there are."""
    first = [shelf.put("Red lamp") for _ in range(50)]
    shelf.index.commit()
    for row in first[:-1]:
        shelf.index.remove(row)
    now = shelf.now
    wanted = now.understand("red lamp")
    assert all(word.rarity > 0 for word in wanted.words)
    assert now.cover(wanted, first[-1]) == pytest.approx(1.0)


@pytest.mark.parametrize("text", ["\x00", "AND OR NOT", "+-(\"'*~^:[", "title:lamp", "\U0001f600" * 100, "a" * 1000])
def test_whatever_is_typed_is_no_error(shelf: Shelf, text: str) -> None:
    shelf.put("Lamp")
    now = shelf.now
    wanted = now.understand(text, typing=True)
    now.best(wanted, 10), now.holding_all(wanted), now.cover(wanted, 0)
