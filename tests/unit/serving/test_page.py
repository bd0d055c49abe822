"""The page as it is packaged: nothing from elsewhere, nothing as markup, colours that can be read, small files."""

import gzip
import re
from typing import Any

import pytest

from serving.page_files import PageFile, read_page_files, read_texts, vendored
from tests.unit.serving.fakes import Tier

FILES = read_page_files()
VENDORED = {one["file"] for one in vendored()}
"""What others wrote: test_vendored.py looks after it, and the policy holds for it too."""
PAGES = {
    "/": "index.html",
    "/shop": "shop.html",
    "/why": "why.html",
    "/instantsearch": "instantsearch.html",
    "/dead-letters": "dead-letters.html",
    "/incident": "incident.html",
}
MAPS = {page.replace(".html", ".map") for page in PAGES.values()}
TEXTS = {name: text for name, text in read_texts().items() if name in FILES and name not in VENDORED}
"""As they were written."""
SCRIPTS = {name: text for name, text in TEXTS.items() if name.endswith(".js")}
BYTES_MAX = {
    "index.html": 44_000,
    "shop.html": 34_000,
    "why.html": 11_000,
    "dead-letters.html": 9_000,
    "incident.html": 17_000,
    "instantsearch.html": 180_000,
}
"""Of all files of a page, gzipped; InstantSearch alone has 150,000."""
WORDS_MIN = 4.5
"""WCAG 2.2 AA, 1.4.3: contrast of text."""
EDGES_MIN = 3.0
"""WCAG 2.2 AA, 1.4.11: contrast of fields, buttons and marks."""
GROUNDS = ("ground", "panel")


def named_by(page: str) -> set[str]:
    """Every file of ours that a page names, and those that these name."""
    named, seen = set(re.findall(r'(?:src|href)="/page/([^"]+)"', TEXTS[page])), set[str]()
    while named - seen:
        name = (named - seen).pop()
        seen.add(name)
        named |= set(re.findall(r'from "\./([^"]+)"', TEXTS.get(name, "")))
    return named


@pytest.mark.parametrize("address", PAGES)
async def test_it_is_served_with_a_policy_that_allows_only_its_own_files(address: str) -> None:
    async with Tier() as tier:
        response = await tier.client.get(address)
        assert (response.status, response.content_type) == (200, "text/html")
        policy = response.headers["Content-Security-Policy"]
        assert policy == FILES[PAGES[address]].policy
        assert "unsafe" not in policy and "http" not in policy
        assert "default-src 'none'" in policy and "img-src 'self' data:" in policy
        same = {"If-None-Match": response.headers["ETag"]}
        kept = await tier.client.get(address, headers=same)
        assert (kept.status, kept.headers["Content-Security-Policy"]) == (304, policy)


def test_every_file_it_names_is_there_and_every_file_is_named() -> None:
    assert {name for page in PAGES.values() for name in named_by(page)} == set(FILES) - set(PAGES.values()) - MAPS


@pytest.mark.parametrize("page", PAGES.values())
def test_a_page_comes_in_one_answer(page: str) -> None:
    """On a phone each file is a wait; what others wrote stays outside, and the licences, which nobody waits for."""
    asked_for = set(re.findall(r'(?:src|href)="/page/([^"]+)"', FILES[page].body.decode()))
    outside = {"insights.js", "LICENCES.txt", *VENDORED} if page == "instantsearch.html" else set[str]()
    assert asked_for == outside


def test_what_two_pages_have_in_common_is_one_text() -> None:
    assert 'id="results"' in TEXTS["index.html"] and 'id="results"' in TEXTS["shop.html"]
    assert all("include:" not in TEXTS[page] for page in PAGES.values()) and "storefront.part" not in FILES


@pytest.mark.parametrize(("name", "kind"), [("base.css", "text/css"), ("main.js", "text/javascript")])
async def test_a_file_is_asked_for_again_and_answered_304(name: str, kind: str) -> None:
    async with Tier() as tier:
        response = await tier.client.get(f"/page/{name}", headers={"Accept-Encoding": "identity"})
        assert (response.status, response.content_type, await response.text()) == (200, kind, TEXTS[name])
        assert response.headers["Cache-Control"] == "no-cache"
        tag = response.headers["ETag"]
        again = {"If-None-Match": tag, "Accept-Encoding": "identity"}
        response = await tier.client.get(f"/page/{name}", headers=again)
        assert (response.status, await response.read(), response.headers["ETag"]) == (304, b"", tag)
        changed = await tier.client.get(f"/page/{name}", headers=again | {"If-None-Match": '"older"'})
        assert changed.status == 200


async def test_a_small_copy_goes_to_who_takes_it() -> None:
    async with Tier() as tier:
        response = await tier.client.get("/page/base.css", headers={"Accept-Encoding": "gzip, br"})
        assert (response.headers["Content-Encoding"], response.headers["Vary"]) == ("gzip", "Accept-Encoding")
        assert await response.text() == TEXTS["base.css"]
        plain = await tier.client.get("/page/base.css", headers={"Accept-Encoding": "identity"})
        assert plain.headers["ETag"] != response.headers["ETag"]


@pytest.mark.parametrize("name", ["nope.js", "..%2Fwiring.py", "__init__.py", "storefront.part"])
async def test_there_are_no_other_files(name: str) -> None:
    async with Tier() as tier:
        assert (await tier.client.get(f"/page/{name}")).status == 404


@pytest.mark.parametrize(("page", "most"), BYTES_MAX.items())
def test_the_pages_are_light(page: str, most: int) -> None:
    outside = re.findall(r'src="/page/([^"]+)"', FILES[page].body.decode())
    assert sum(len(FILES[name].small) for name in (page, *outside)) < most


def test_a_small_copy_is_the_same() -> None:
    assert all(gzip.decompress(found.small) == found.body for found in FILES.values())


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_nothing_is_loaded_from_elsewhere(name: str) -> None:
    text = TEXTS[name].replace("http://www.w3.org/2000/svg", "")  # the name of a vocabulary, nothing that is loaded
    assert re.findall(r"https?:|[\"'(=]//|@import|url\(|\bimport\(", text) == []


@pytest.mark.parametrize("name", sorted(SCRIPTS))
def test_no_text_becomes_markup_or_code(name: str) -> None:
    assert (
        re.findall(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function", TEXTS[name]) == []
    )


@pytest.mark.parametrize("name", PAGES.values())
def test_scripts_and_styles_are_files_of_their_own(name: str) -> None:
    page = TEXTS[name]
    assert re.findall(r"<script(?![^>]*\bsrc=)[^>]*>|<style|\sstyle=|\son\w+=", page) == []


def test_it_can_be_used_without_seeing_it() -> None:
    page = TEXTS["shop.html"]
    assert all('<html lang="en">' in TEXTS[name] for name in PAGES.values())
    fields = re.findall(r"<input(?![^>]*\baria-label=)[^>]*>", page)
    for field in fields:
        inside = re.search(r'\bid="([^"]+)"', field)
        labelled = inside and f'for="{inside[1]}"' in page
        assert labelled or re.search(r"<label[^>]*>" + re.escape(field), page), field
    assert page.count('role="status"') >= 2
    assert 'class="skip" href="#results"' in page


def palette() -> dict[str, tuple[str, str]]:
    """Light and dark colour by name."""
    found = re.findall(r"--([a-z-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)", TEXTS["base.css"])
    return {name: (light, dark) for name, light, dark in found}


def luminance(colour: str) -> float:
    """Relative luminance, WCAG 2.2."""
    parts = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_computed_as_the_standard_does() -> None:
    assert contrast("#ffffff", "#000000") == pytest.approx(21.0)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


PAIRS: list[tuple[str, str, float]] = [
    *((word, ground, WORDS_MIN) for word in ("ink", "soft", "accent", "warn", "bad") for ground in GROUNDS),
    *((word, f"{word}-soft", WORDS_MIN) for word in ("accent", "warn", "bad")),
    ("ink", "warn-soft", WORDS_MIN),
    ("soft", "picture", WORDS_MIN),
    ("on-accent", "accent", WORDS_MIN),
    *(("edge", ground, EDGES_MIN) for ground in GROUNDS),
]


@pytest.mark.parametrize("dark", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("word", "ground", "least"), PAIRS)
def test_words_and_edges_can_be_read(word: str, ground: str, least: float, dark: int) -> None:
    colours = palette()
    assert contrast(colours[word][dark], colours[ground][dark]) >= least


def test_motion_stops_for_who_wants_none() -> None:
    assert "prefers-reduced-motion: reduce" in TEXTS["base.css"]
    assert "still.matches" in TEXTS["cards.js"]


def test_a_page_file_is_what_it_says() -> None:
    found: Any = FILES["index.html"]
    assert isinstance(found, PageFile) and len(found.tag) == 16


@pytest.mark.parametrize(
    ("distinct", "said"),
    [("", ""), ("brand", ""), ("attributes.series", "series"), ('attributes."><b', "&quot;&gt;&lt;b")],
)
async def test_the_shop_is_told_what_its_variants_share(distinct: str, said: str) -> None:
    async with Tier(instantsearch_distinct=distinct) as tier:
        page = await (await tier.client.get("/shop")).text()
        assert re.findall(r'<section id="shop" [^>]*data-variants="([^"]*)">', page) == [said]
