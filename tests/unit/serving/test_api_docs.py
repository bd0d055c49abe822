"""docs/api.md names every route with an example, and every code an error may have."""

import re
from pathlib import Path

import pytest

import serving
from serving.app import ROUTES

REPOSITORY = Path(serving.__file__).resolve().parent.parent
TEXT = (REPOSITORY / "docs" / "api.md").read_text(encoding="utf-8")
CODE = "".join(path.read_text(encoding="utf-8") for path in (REPOSITORY / "serving").rglob("*.py"))


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_every_route_has_a_section_and_an_example(route: object) -> None:
    method, path = route.method, route.path  # type: ignore[attr-defined]
    parts = re.split(r"^## ", TEXT, flags=re.M)
    sections = [part for part in parts if f"{method} {path}" in part.split("\n")[0].split(", ")]
    assert len(sections) == 1
    assert f"`{method} {path}`" in TEXT
    if path != "/":
        assert "curl" in sections[0]


def test_every_code_stands_in_the_table() -> None:
    written = re.findall(r'Refusal\(\s*\d+,\s*"(\w+)"', CODE) + re.findall(r'InvalidRequest\(\s*"(\w+)"', CODE)
    written += re.findall(r'problem\(\s*\d+, "(\w+)"', CODE)
    assert len(set(written)) > 15
    known_elsewhere = {"not_an_object"}  # a reason of docs/events.md
    assert {code for code in written if f"`{code}`" not in TEXT} <= known_elsewhere
