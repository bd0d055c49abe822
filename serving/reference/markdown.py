"""Markdown to HTML: headings with anchors as GitHub makes them, links between documents, coloured code. No raw HTML."""

import posixpath
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from html import escape
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound

METHOD = re.compile(r"^(GET|POST|PUT|PATCH|DELETE) (/\S*)$")
EXTERNAL = re.compile(r"^https?://")
GENERATED = re.compile(
    r"^<!-- generated: ([^\n]*) -->\n(.*?)^<!-- end of what is generated -->$", re.MULTILINE | re.DOTALL
)


@dataclass(frozen=True)
class Heading:
    level: int
    text: str
    anchor: str


@dataclass
class Rendered:
    html: str = ""
    headings: list[Heading] = field(default_factory=list)


Generated = Callable[[str], str | None]
"""HTML for a generated part, by its name; None: what stands there as Markdown."""


class Markdown:
    """`addresses`: where each document is served, by its path below docs/."""

    def __init__(self, addresses: Mapping[str, str]) -> None:
        self._addresses = addresses
        self._parser = MarkdownIt("commonmark", {"html": False}).enable("table")

    def render(self, text: str, path: str, generated: Generated = lambda name: None) -> Rendered:
        """`path` is the document's own, below docs/: links in it count from there."""
        page = Rendered()
        at = 0
        for part in GENERATED.finditer(text):
            page.html += self._plain(text[at : part.start()], path, page.headings)
            made = generated(part[1])
            page.html += self._plain(part[2], path, page.headings) if made is None else made
            at = part.end()
        page.html += self._plain(text[at:], path, page.headings)
        return page

    def _plain(self, text: str, path: str, headings: list[Heading]) -> str:
        tokens = self._parser.parse(text)
        for number, token in enumerate(tokens):
            if token.type == "heading_open":
                _mark_heading(token, tokens[number + 1], headings)
            elif token.type in ("fence", "code_block"):
                token.type, token.content = "html_block", coloured(token.content, token.info.strip())
            elif token.type in ("table_open", "table_close"):
                token.type, token.content = "html_block", TABLE[token.type]
            for child in token.children or ():
                if child.type == "link_open":
                    self._link(child, path)
        html: str = self._parser.renderer.render(tokens, self._parser.options, {})
        return html

    def _link(self, token: Token, path: str) -> None:
        """Documents lead to where they are served; what is not served here is no link."""
        target, _, anchor = str(token.attrGet("href") or "").partition("#")
        if EXTERNAL.match(target):
            token.attrSet("rel", "noreferrer")
        elif target:
            served = self._addresses.get(posixpath.normpath(posixpath.join(posixpath.dirname(path), target)))
            if served is None:
                token.attrs = {"data-elsewhere": target}
            else:
                token.attrSet("href", served + (f"#{anchor}" if anchor else ""))


TABLE = {
    "table_open": '<div class="wide" tabindex="0" role="region" aria-label="Table"><table>',
    "table_close": "</table></div>",
}


def coloured(code: str, language: str) -> str:
    """A block of code; it scrolls sideways, so that the keyboard must be able to reach it."""
    try:
        lexer: Any = get_lexer_by_name({"sh": "bash"}.get(language, language) or "text")
    except ClassNotFound:
        lexer = get_lexer_by_name("text")
    inside = highlight(code.rstrip("\n"), lexer, HtmlFormatter(nowrap=True, classprefix="c-"))
    return f'<pre tabindex="0"><code>{inside.rstrip()}</code></pre>\n'


def anchor_of(text: str) -> str:
    """As GitHub makes it, so that a link works here and there."""
    return re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")


def heading_html(text: str) -> str:
    """An address of the API gets its method as a badge."""
    found = METHOD.match(text)
    if not found:
        return escape(text)
    return f'<span class="method {found[1].lower()}">{found[1]}</span> <code>{escape(found[2])}</code>'


def _mark_heading(opening: Token, inline: Token, headings: list[Heading]) -> None:
    text = "".join(child.content for child in inline.children or ())
    heading = Heading(int(opening.tag[1]), text, anchor_of(text))
    headings.append(heading)
    opening.attrSet("id", heading.anchor)
    anchor = Token(
        "html_inline",
        "",
        0,
        content=f' <a class="here" href="#{heading.anchor}" aria-label="Link to this section">#</a>',
    )
    if METHOD.match(text):
        inline.children = [Token("html_inline", "", 0, content=heading_html(text)), anchor]
    else:
        inline.children = [*(inline.children or ()), anchor]
