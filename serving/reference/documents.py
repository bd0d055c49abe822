"""The documents as pages. Loaded when somebody first reads one: Markdown and its colours take a while."""

from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from serving.problems import Refusal
from serving.reference.guides import Guide
from serving.reference.layout import address, page
from serving.reference.markdown import Markdown
from serving.reference.operation_html import parts_of

STYLE = "docs.css"


class Documents:
    """Renders each document once, when it is first asked for."""

    def __init__(self, guides: Mapping[str, Guide], api: Mapping[str, Any]) -> None:
        self._guides = guides
        self._generated = parts_of(api)
        self._markdown = Markdown({guide.path: address(guide) for guide in guides.values()})
        self._pages: dict[str, str] = {}
        self.style = (files("serving") / "reference" / STYLE).read_text(encoding="utf-8")

    def page(self, name: str) -> str:
        """Blocking, up to 0.2 s the first time. Raises Refusal 404."""
        guide = self._guides.get(name)
        if guide is None:
            raise Refusal(404, "unknown_document", f"there is no document {name!r}", hint="/docs lists them")
        if name not in self._pages:
            of_api = self._generated if guide.path == "api.md" else lambda part: None
            self._pages[name] = page(guide, self._markdown.render(guide.text, guide.path, of_api), self._guides)
        return self._pages[name]
