"""Generated parts of a document: what is written by hand stays, what is missing is put in, what is gone is named."""

import pytest

from freshet.reference.marks import END, Part, begin, renew
from schemas.errors import InvalidRequest

FIRST = Part("first", "| new |", "## first")
SECOND = Part("second", "more", "## second")


def document(*lines: str) -> str:
    return "\n".join(lines) + "\n"


BEFORE = document(
    "# Title", "by hand", "## first", "intro", begin("first"), "| old |", END, "behind", "", "## last", "end"
)


def test_only_what_is_between_the_marks_changes() -> None:
    assert renew(BEFORE, [FIRST]) == BEFORE.replace("| old |", "| new |")


def test_renewing_twice_changes_nothing_more() -> None:
    once = renew(BEFORE, [FIRST, SECOND])
    assert renew(once, [FIRST, SECOND]) == once


def test_a_new_part_gets_its_section_behind_the_one_before() -> None:
    after = renew(BEFORE, [FIRST, SECOND]).splitlines()
    at = after.index("## second")
    assert after[at : at + 4] == ["## second", begin("second"), "more", END]
    assert after.index("behind") < at < after.index("## last")


def test_headings_in_code_and_in_generated_parts_are_none() -> None:
    before = document("# T", begin("first"), "## made", END, "```sh", "# a comment", "```", "text", "## last")
    after = renew(before, [Part("first", "## made"), SECOND]).splitlines()
    assert after.index("text") < after.index("## second") < after.index("## last")


def test_a_changed_heading_is_written_again() -> None:
    assert "## first, renamed\nintro" in renew(BEFORE, [Part("first", "| new |", "## first, renamed")])


@pytest.mark.parametrize(
    ("text", "parts", "said"),
    [
        (BEFORE, [SECOND], "no longer there: first"),
        (document("# T"), [Part("table", "x")], "there is no"),
        (document("# T", begin("table")), [Part("table", "x")], "has no"),
    ],
    ids=["gone", "no place", "no end"],
)
def test_what_cannot_be_done_is_refused(text: str, parts: list[Part], said: str) -> None:
    with pytest.raises(InvalidRequest, match=said):
        renew(text, parts)
