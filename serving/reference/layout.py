"""The frame of a page at `/docs`: the list of documents, the document, what is on it. No script but for the colours."""

from collections.abc import Iterable, Mapping
from html import escape

from serving.reference.guides import Guide
from serving.reference.markdown import Heading, Rendered, heading_html

GROUPS: Mapping[str, tuple[str, ...]] = {
    "Start": ("index", "quickstart", "demo", "shop", "page", "import", "docker"),
    "Reference": ("api", "events", "cli", "settings", "metrics"),
    "Operate": ("runbook",),
}
"""Documents in the order of reading; those that are not named here come behind, by folder."""
WAVES = "M2 7.5c3.3-4 6.7-4 10 0s6.7 4 10 0M2 16.5c3.3-4 6.7-4 10 0s6.7 4 10 0"
MARK = f'<svg viewBox="0 0 24 24" aria-hidden="true"><path d="{WAVES}"/></svg>'
ON_PAGE_LEVELS = (2, 3)
ON_PAGE_MAX = 60
"""More headings than that are a list nobody reads: then only the upper level is shown."""


def page(guide: Guide, rendered: Rendered, guides: Mapping[str, Guide]) -> str:
    """The whole HTML document."""
    contents = _contents(guide, guides)
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{escape(guide.title)} · Freshet</title>
<link rel="icon" href="data:,">
<script src="/page/theme.js"></script>
<link rel="stylesheet" href="/docs/docs.css">
</head>
<body>
<a class="skip" href="#document">Skip to the document</a>
<header class="bar">
<a class="mark" href="/docs">{MARK}<span>Freshet</span></a><span class="where">Documentation</span>
<nav aria-label="Elsewhere"><a href="/shop">Shop</a><a href="/openapi.json">OpenAPI</a></nav>
</header>
<div class="columns">
<nav class="contents" aria-label="Documents"><details class="small"><summary>Documents</summary>{contents}</details>
<div class="large">{contents}</div></nav>
<main id="document" tabindex="-1">
{rendered.html}
</main>
{_on_page(rendered.headings)}
</div>
</body>
</html>
"""


def _contents(here: Guide, guides: Mapping[str, Guide]) -> str:
    return "".join(
        f"<section><h2>{escape(title)}</h2><ul>{''.join(_entry(guide, here) for guide in members)}</ul></section>"
        for title, members in _groups(guides)
        if members
    )


def _groups(guides: Mapping[str, Guide]) -> Iterable[tuple[str, list[Guide]]]:
    named = {name for names in GROUPS.values() for name in names}
    rest = [guide for guide in guides.values() if guide.name not in named]
    for title, names in GROUPS.items():
        yield title, [guides[name] for name in names if name in guides]
    yield "More", [guide for guide in rest if "/" not in guide.path]
    yield "Decisions", [guide for guide in rest if guide.path.startswith("adr/")]


def _entry(guide: Guide, here: Guide) -> str:
    current = ' aria-current="page"' if guide == here else ""
    return f'<li><a href="{address(guide)}"{current}>{escape(guide.title)}</a></li>'


def address(guide: Guide) -> str:
    return "/docs" if guide.name == "index" else f"/docs/{guide.name}"


def _on_page(headings: list[Heading]) -> str:
    levels = (
        ON_PAGE_LEVELS if sum(each.level in ON_PAGE_LEVELS for each in headings) <= ON_PAGE_MAX else ON_PAGE_LEVELS[:1]
    )
    shown = [each for each in headings if each.level in levels]
    if len(shown) < 2:
        return ""
    entries = "".join(
        f'<li class="l{each.level}"><a href="#{each.anchor}">{heading_html(each.text)}</a></li>' for each in shown
    )
    return f'<nav class="on-page" aria-label="On this page"><h2>On this page</h2><ul>{entries}</ul></nav>'
