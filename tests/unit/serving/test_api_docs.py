"""docs/api.md names every code an error may have."""

import re
from pathlib import Path

import serving

REPOSITORY = Path(serving.__file__).resolve().parent.parent
TEXT = (REPOSITORY / "docs" / "api.md").read_text(encoding="utf-8")
CODE = "".join(path.read_text(encoding="utf-8") for path in (REPOSITORY / "serving").rglob("*.py"))


def test_every_code_stands_in_the_table() -> None:
    written = re.findall(r'Refusal\(\s*\d+,\s*"(\w+)"', CODE) + re.findall(r'InvalidRequest\(\s*"(\w+)"', CODE)
    written += re.findall(r'problem\(\s*\d+, "(\w+)"', CODE)
    assert len(set(written)) > 15
    known_elsewhere = {"not_an_object"}  # a reason of docs/events.md
    assert {code for code in written if f"`{code}`" not in TEXT} <= known_elsewhere
