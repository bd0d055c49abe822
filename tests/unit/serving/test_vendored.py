"""Algolia's clients as packaged for /instantsearch: the official files of the locked versions, with licences."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

import serving
from serving.page_files import VENDOR, read_page_files, read_texts, vendored

FOLDER = Path(serving.__file__).parent / "page" / VENDOR
STOREFRONT = Path(__file__).parents[2] / "storefront"
LOCKED: dict[str, Any] = json.loads((STOREFRONT / "package-lock.json").read_text(encoding="utf-8"))["packages"]
BY_FILE = {one["file"]: one for one in vendored()}
AGAIN = "renew it: npm ci --prefix tests/storefront && scripts/vendor"


def test_each_file_is_told_of() -> None:
    assert {path.name for path in FOLDER.iterdir()} == {*BY_FILE, "vendored.json", "LICENCES.txt"}
    assert read_page_files().keys() >= BY_FILE.keys()


@pytest.mark.parametrize("file", BY_FILE)
def test_it_is_what_was_published(file: str) -> None:
    """The hash tells that nobody has touched it since; where the packages are installed they say what it must be."""
    told, body = BY_FILE[file], (FOLDER / file).read_bytes()
    assert hashlib.sha256(body).hexdigest() == told["sha256"]
    assert LOCKED[f"node_modules/{told['package']}"]["version"] == told["version"], AGAIN
    published = STOREFRONT / "node_modules" / told["package"] / told["path"]
    assert not published.exists() or published.read_bytes() == body, AGAIN


@pytest.mark.parametrize("file", BY_FILE)
def test_its_licence_is_there(file: str) -> None:
    told, licences = BY_FILE[file], (FOLDER / "LICENCES.txt").read_text(encoding="utf-8")
    assert told["licence"] == "MIT" and f"{told['package']} {told['version']}\n" in licences
    assert licences.count("Permission is hereby granted, free of charge") == len(BY_FILE)


def test_the_page_shows_the_two_lines_that_it_is_made_of() -> None:
    page, script = (read_texts()[f"instantsearch.{kind}"] for kind in ("html", "js"))
    shown = [line.partition("</mark>")[0].strip() for line in page.split("<mark>")[1:]]
    assert len(shown) == 2 and [line for line in shown if line not in script] == []
