"""Names while one types: every word by its beginning, one slip, the last words of what is typed."""

import pytest

from index_snapshots.names import SLIP_CHARS_MIN, TYPED_WORDS_MAX, WORD_CHARS_MAX, Names, slips

ALL = ["Desk Lamps", "Lamp shades", "Black & Decker", "Café au lait", "Keyboards", "Lego"]
NAMES = Names(ALL)


def fitting(typed: str) -> set[str]:
    return {ALL[one.at] for one in NAMES.fitting(typed)}


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("l", {"Desk Lamps", "Lamp shades", "Lego", "Café au lait"}),
        ("LAM", {"Desk Lamps", "Lamp shades"}),
        ("desk la", {"Desk Lamps"}),
        ("la de", {"Desk Lamps"}),
        ("red velvet lam", {"Desk Lamps", "Lamp shades"}),
        ("cafe", {"Café au lait"}),
        ("decker", {"Black & Decker"}),
        ("keybaords", {"Keyboards"}),
        ("keyb0", {"Keyboards"}),
        ("keyxboa", {"Keyboards"}),
        ("keoard", set()),
        ("xeyboard", set()),
        ("", set()),
        ("&%", set()),
    ],
)
def test_what_is_found(typed: str, found: set[str]) -> None:
    assert fitting(typed) == found


def test_how_well_it_fits() -> None:
    fits = {ALL[one.at]: one.fit for one in NAMES.fitting("new lamp")}
    assert fits == {"Lamp shades": (1, 0, 0), "Desk Lamps": (1, 0, 1)}
    assert [one.fit for one in NAMES.fitting("keybaord")] == [(0, 1, 0)]


def test_short_and_long_words_are_looked_for_as_they_are() -> None:
    for good, bad in ((SLIP_CHARS_MIN, SLIP_CHARS_MIN - 1), (WORD_CHARS_MAX, WORD_CHARS_MAX + 1)):
        assert list(slips("a" * good, "abc", lambda start: True))
        assert not list(slips("a" * bad, "abc", lambda start: True))


def test_slips_behind_what_no_word_begins_with_are_not_looked_for() -> None:
    near = list(slips("lxmps", "a", lambda start: "lamps".startswith(start)))
    assert "lamps" in near and all(one.startswith("l") for one in near)
    assert len(near) == len(list(slips("lxmps", "a", lambda start: start == "l"))) < 6


def test_only_the_last_words_are_read() -> None:
    more = Names(["a b c d e f g"])
    typed = ["x", "a", "b", "c", "d", "e", "f", "g"]
    [one] = more.fitting(" ".join(typed[-TYPED_WORDS_MAX:]))
    [with_more] = more.fitting(" ".join(typed))
    assert one.fit == with_more.fit
