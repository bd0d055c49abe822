"""A page with its modules and styles in it: begun in the right order, allowed by hash, shown as its files."""

import hashlib
import re
import shutil
import subprocess
from base64 import b64encode
from typing import Any

import orjson
import pytest

from serving.page_files import read_page_files, read_texts
from serving.page_in_one import in_one, policy_of
from serving.page_modules import joined

PAGES = sorted(name.removesuffix(".html") for name in read_texts() if name.endswith(".html"))
MODULES = {
    "first.js": (
        'import * as second from "./second.js";\nimport {log, twice} from "./third.js";\nlog(second.sum + twice(1));\n'
    ),
    "second.js": (
        'import {twice} from "./third.js";\n\nexport const sum = twice(20);\n'
        "export class Thing {}\nexport async function later() {}\n"
    ),
    "third.js": "// Twice.\nexport const log = console.log;\nexport function twice(one) {\n  return 2 * one;\n}\n",
}


def lines_of(script: str, source_map: dict[str, Any]) -> dict[str, list[str]]:
    """What the map says that stands in each file: sections of whole lines, one after another."""
    lines, found = script.split("\n"), dict[str, list[str]]()
    assert source_map["version"] == 3
    for section in source_map["sections"]:
        (source,), mappings = section["map"]["sources"], section["map"]["mappings"].split(";")
        assert mappings == ["AAAA", *["AACA"] * (len(mappings) - 1)]  # line by line from the first, column 0
        start = section["offset"]["line"]
        found[source] = lines[start : start + len(mappings)]
    return found


def test_modules_begin_after_those_that_they_import_and_each_once() -> None:
    script, source_map = joined("first.js", MODULES)
    assert list(lines_of(script, source_map)) == ["/page/third.js", "/page/second.js", "/page/first.js"]
    assert re.findall(r"^const (\S+) = \(\(\) => \{$", script, re.MULTILINE) == ["$third", "$second", "$first"]
    assert "return {sum, Thing, later};" in script and "return {log, twice};" in script


def test_the_script_does_what_the_modules_do() -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("no node here")
    script, _ = joined("first.js", MODULES)
    done = subprocess.run(
        [node, "--input-type=module"], input=script, capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout == "42\n"


def test_what_waits_later_is_read() -> None:
    later = "const come = async () => await fetch(here);\n// They await it.\nfunction go() {\n  return come();\n}\n"
    assert later.splitlines()[0] in joined("first.js", {"first.js": later})[0]


@pytest.mark.parametrize("page", PAGES)
def test_browsers_tools_show_the_files(page: str) -> None:
    """All is as it was written but for the lines that import, and the word `export`."""
    html, texts = read_page_files()[f"{page}.html"].body.decode(), read_texts()
    script = re.findall(r'<script type="module">(.*?)</script>', html, re.DOTALL)[0]
    assert script.endswith(f"\n//# sourceMappingURL=/page/{page}.map\n")
    shown = lines_of(script, orjson.loads(read_page_files()[f"{page}.map"].body))
    assert len(shown) > 1
    for source, lines in shown.items():
        written = texts[source.removeprefix("/page/")].splitlines()
        assert len(lines) == len(written)
        differing = [was for was, line in zip(written, lines, strict=True) if was.removeprefix("export ") != line]
        assert all(was.startswith("import ") for was in differing)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('import sum from "./second.js";', "first.js:1 cannot be joined"),
        ('import "./second.js";', "first.js:1 cannot be joined"),
        ('import {sum as all} from "./second.js";', "first.js:1 cannot be joined"),
        ('const later = () => import("./second.js");', "first.js:1 cannot be joined"),
        ("const here = import.meta.url;", "first.js:1 cannot be joined"),
        ("const come = await fetch(here);", "first.js:1 cannot be joined"),
        ("await fetch(here);", "first.js:1 cannot be joined"),
        ("log(1, await fetch(here));", "first.js:1 cannot be joined"),
        ("export default 1;", "first.js:1 cannot be joined"),
        ("export let sum = 1;", "first.js:1 cannot be joined"),
        ("export {sum};", "first.js:1 cannot be joined"),
        (
            'import {sum, difference} from "./second.js";',
            "first.js:1 imports difference, which second.js does not export",
        ),
        ('import {sum} from "./fourth.js";', "first.js imports fourth.js, which is not there"),
        ('import {sum} from "./first.js";', "first.js imports first.js: a circle"),
    ],
)
def test_what_it_would_get_wrong_is_refused(line: str, said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        joined("first.js", MODULES | {"first.js": f"{line}\n"})


@pytest.mark.parametrize("text", ["const a = '</script>';\n", "// <!-- \n", "// </STYLE\n"])
def test_what_would_end_its_element_is_refused(text: str) -> None:
    page = '<link rel="stylesheet" href="/page/a.css"><script type="module" src="/page/b.js"></script>'
    for texts in ({"a.css": text, "b.js": ""}, {"a.css": "", "b.js": text}):
        with pytest.raises(ValueError, match="it cannot stand in a page"):
            in_one(page, texts, "/page/c.map")


@pytest.mark.parametrize("page", PAGES)
def test_only_what_stands_in_the_page_may_run_there(page: str) -> None:
    found = read_page_files()[f"{page}.html"]
    html = found.body.decode()
    allowed: dict[str, list[str]] = {}
    for rule in found.policy.split("; "):
        name, *allowed[name] = rule.split()
    for kind in ("script", "style"):
        own = re.findall(rf"<{kind}(?![^>]*\bsrc=)[^>]*>(.*?)</{kind}>", html, re.DOTALL)
        hashes = [f"'sha256-{b64encode(hashlib.sha256(one.encode()).digest()).decode()}'" for one in own]
        assert own and allowed[f"{kind}-src"] == ["'self'", *hashes]
    assert "sha256" not in policy_of()
