"""`/docs`: every document is readable there, its links lead somewhere, nothing runs."""

import re
from functools import cache
from html import unescape
from html.parser import HTMLParser
from importlib.resources import files

import pytest

from serving.app import ROUTES
from serving.openapi import document
from serving.reference.curl import SERVER
from serving.reference.documents import Documents
from serving.reference.guides import docs_folder, read_guides
from serving.reference.layout import address
from serving.reference.markdown import Markdown, anchor_of, coloured
from serving.reference.operation_html import operation_html
from tests.unit.serving.fakes import Tier

GUIDES = read_guides(docs_folder())
SHOTS = "screenshots/"
API = document(ROUTES, "0.0.0")
DOCUMENTS = Documents(GUIDES, API)


class Found(HTMLParser):
    """Ids, links and what would be loaded or run."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.tags: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.tags.add(tag)
        self.ids += [found["id"] or ""] if "id" in found else []
        if tag == "a" and found.get("href"):
            self.links.append(found["href"] or "")
        elif tag == "link":
            self.loaded.append(found["href"] or "")
        self.loaded += [found["src"] or ""] if "src" in found else []
        assert not [name for name, _ in attrs if name.startswith("on") or name == "style"]


NAMES = {address(guide): name for name, guide in GUIDES.items()}


@cache
def page_at(path: str) -> Found:
    return Found(DOCUMENTS.page(NAMES[path]))


@pytest.mark.parametrize("path", NAMES)
def test_nothing_is_loaded_but_the_style_the_colours_and_our_pictures(path: str) -> None:
    page = page_at(path)
    assert not page.tags & {"iframe", "object", "form", "style"}
    assert page.loaded[:3] == ["data:,", "/page/theme.js", "/docs/docs.css"]
    assert all((docs_folder() / picture).is_file() and picture.startswith(SHOTS) for picture in page.loaded[3:])


async def test_pictures_are_served_and_nothing_else_of_their_folder() -> None:
    async with Tier() as tier:
        picture = await tier.client.get(f"/docs/{SHOTS}desktop.png")
        assert (picture.status, picture.content_type) == (200, "image/png")
        assert (await picture.read()).startswith(b"\x89PNG")
        for name in ("nope.png", "..%2Fpage.md", "page.md", "%2e%2e%2fpage.png"):
            assert (await tier.client.get(f"/docs/{SHOTS}{name}")).status == 404


@pytest.mark.parametrize("path", NAMES)
def test_links_lead_to_what_is_there(path: str) -> None:
    for link in page_at(path).links:
        target, _, anchor = link.partition("#")
        if target in NAMES or not target:
            assert not anchor or anchor in page_at(target or path).ids, link
        else:
            assert target in ("/shop", "/openapi.json") or target.startswith(("https://", "http://127.0.0.1")), link


@pytest.mark.parametrize("path", NAMES)
def test_ids_are_unique(path: str) -> None:
    ids = page_at(path).ids
    assert len(ids) == len(set(ids))


def test_every_operation_and_every_model_has_its_place() -> None:
    ids = set(page_at("/docs/api").ids)
    assert {anchor_of(f"{route.method} {route.path}") for route in ROUTES} <= ids
    assert {anchor_of(name) for name in API["components"]["schemas"]} <= ids


def test_every_document_is_in_the_list_of_each() -> None:
    listed = {address(guide) for guide in GUIDES.values() if not guide.path.startswith("examples/")}
    for page in map(page_at, NAMES):
        assert listed <= set(page.links)


async def test_they_are_served_with_a_strict_policy() -> None:
    async with Tier() as tier:
        for path in ("/docs", "/docs/api"):
            response = await tier.client.get(path)
            assert (response.status, response.content_type) == (200, "text/html")
            policy = response.headers["Content-Security-Policy"]
            assert (
                policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';") and "unsafe" not in policy
            )
        style = await tier.client.get("/docs/docs.css")
        assert (style.status, style.content_type) == (200, "text/css")
        missing = await tier.client.get("/docs/nothing")
        assert (missing.status, (await missing.json())["code"]) == (404, "unknown_document")


async def test_examples_name_the_address_that_was_asked() -> None:
    async with Tier() as tier:
        text = await (await tier.client.get("/docs/api", headers={"Host": "shop.example:81"})).text()
        assert "http://shop.example:81/v1/search" in text and SERVER not in text
        hostile = await (await tier.client.get("/docs/api", headers={"Host": "x'><script>"})).text()
        assert "><script>" not in hostile and SERVER in hostile


def test_markup_in_a_document_is_text() -> None:
    found = Markdown({}).render(
        "# <b>x</b>\n\n<script>y</script>\n\n```html\n<i>z</i>\n```\n[a](javascript:alert(1))", "x.md"
    )
    assert not Found(found.html).tags & {"b", "script", "i"}
    assert "javascript:" not in re.sub(r">[^<]*<", "", found.html)


def test_markup_in_the_openapi_document_is_text() -> None:
    evil = "<script>x</script>"
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/M"}, "example": {"a": evil}}}
    operation = {
        "summary": evil,
        "description": evil,
        "parameters": [
            {"name": evil, "in": "query", "required": False, "description": evil, "schema": {"enum": [evil]}}
        ],
        "requestBody": {"content": content},
        "responses": {"200": {"description": evil, "content": content}},
    }
    model = {"description": evil, "properties": {evil: {"type": "string", "default": evil, "pattern": evil}}}
    html = operation_html("POST", "/x", operation, {"components": {"schemas": {"M": model}}})
    assert "script" not in Found(html).tags and "&lt;script&gt;" in html


def test_links_between_documents_are_addresses_and_others_are_text() -> None:
    markdown = Markdown({"events.md": "/docs/events", "adr/1.md": "/docs/1"})
    html = markdown.render(
        "[a](../events.md#limits) [b](1.md) [c](../../README.md) [d](https://x.example)", "adr/2.md"
    ).html
    assert Found(html).links == ["/docs/events#limits", "/docs/1", "https://x.example"]


def test_generated_parts_are_replaced_where_there_is_something_better() -> None:
    text = "by hand\n\n<!-- generated: a -->\n| table |\n<!-- end of what is generated -->\n\n"
    markdown = Markdown({})
    assert "table" in markdown.render(text, "x.md").html
    replaced = markdown.render(text, "x.md", {"a": "<hr>"}.get).html
    assert "table" not in replaced and "<hr>" in replaced and "by hand" in replaced


@pytest.mark.parametrize("language", ["sh", "json", "toml", "python", "console", "", "no such language"])
def test_code_keeps_its_text(language: str) -> None:
    assert unescape(re.sub(r"<[^>]+>", "", coloured("echo '<a>' && true\n", language))).strip() == "echo '<a>' && true"


def test_the_colours_are_those_of_the_page() -> None:
    page = (files("serving") / "page" / "base.css").read_text(encoding="utf-8")
    ours, theirs = (dict(re.findall(r"(--[\w-]+): (light-dark\([^)]*\))", style)) for style in (DOCUMENTS.style, page))
    assert len(ours) > 10 and ours.items() <= theirs.items()


def luminance(colour: str) -> float:
    """WCAG 2.2, relative luminance of #rrggbb."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("ground", ["panel", "ground", "picture"])
def test_contrast_is_enough(scheme: int, ground: str) -> None:
    colours = {
        name: pair[scheme]
        for name, *pair in re.findall(r"--([\w-]+): light-dark\((#\w{6}), (#\w{6})\)", DOCUMENTS.style)
    }
    pairs = [(name, ground) for name in ("ink", "soft", "accent", "warn")] + [
        (n, f"{n}-soft") for n in ("accent", "warn", "bad")
    ]
    for text, below in pairs:
        high, low = sorted((luminance(colours[text]), luminance(colours[below])), reverse=True)
        assert (high + 0.05) / (low + 0.05) >= 4.5, (text, below)
