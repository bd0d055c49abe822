"""HTML as the text that a reader sees: no tags, no scripts, paragraphs and list items on lines of their own."""

import re
from html.parser import HTMLParser

UNSEEN = frozenset({"script", "style", "head", "template", "noscript"})
_BLOCKS = """
address article aside blockquote br dd div dl dt figure footer form h1 h2 h3 h4 h5 h6 header hr li main nav ol p pre
section table td th tr ul
"""
LINES = frozenset(_BLOCKS.split())


def text_of_html(html: str) -> str:
    """Pure. A text without tags and entities comes back as it is, without white space around it."""
    if "<" not in html and "&" not in html:
        return html.strip()
    parser = _Text()
    parser.feed(html)
    parser.close()
    lines = (re.sub(r"[^\S\n]+", " ", line).strip() for line in "".join(parser.parts).split("\n"))
    return "\n".join(line for line in lines if line)


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._unseen = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in UNSEEN:
            self._unseen += 1
        self._break(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in UNSEEN and self._unseen:
            self._unseen -= 1
        self._break(tag)

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.parts.append(re.sub(r"\s+", " ", data))

    def _break(self, tag: str) -> None:
        if tag in LINES:
            self.parts.append("\n")
