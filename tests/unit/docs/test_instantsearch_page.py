"""docs/instantsearch.md names every request, parameter and attribute that there is, and says what becomes of it."""

import re
from pathlib import Path

import serving
from schemas.instantsearch import OURS
from serving.app import ROUTES
from serving.instantsearch.elsewhere import IGNORED, REFUSED
from serving.instantsearch.parameters import Parameters

TEXT = (Path(serving.__file__).resolve().parent.parent / "docs" / "instantsearch.md").read_text(encoding="utf-8")
STATES = ("supported", "different", "not supported")


def section(name: str) -> str:
    return TEXT.partition(f"\n## {name}\n")[2].partition("\n## ")[0]


def rows(name: str) -> list[list[str]]:
    """Cells of the table of a section, without its head."""
    lines = [line for line in section(name).splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def named(text: str) -> set[str]:
    return set(re.findall(r"`([^`]+)`", text))


def test_every_request_has_its_row() -> None:
    documented = {name for row in rows("Requests") for name in named(row[0]) if name.startswith(("GET", "P", "DELETE"))}
    assert documented == {f"{route.method} {route.path}" for route in ROUTES if route.path.startswith("/1/")}
    assert all(row[2].split(":")[0].split(",")[0] in (*STATES, "the same") for row in rows("Requests"))


def test_every_parameter_has_its_row() -> None:
    state_of: dict[str, str] = {}
    for names, state, _ in rows("Questions"):
        assert state in STATES
        state_of |= dict.fromkeys(named(names), state)
    taken = {field.alias or name for name, field in Parameters.model_fields.items()}
    assert {name for name, state in state_of.items() if state != "not supported"} == taken
    assert {name for name, state in state_of.items() if state == "not supported"} == IGNORED | REFUSED


def test_every_attribute_has_its_row() -> None:
    known = set().union(*(named(row[0]) for row in rows("Records")))
    assert set(OURS) - {"category_levels"} <= known and "hierarchicalCategories" in known
