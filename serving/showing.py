"""What of the hits an answer shows: the fields that were asked for, and texts with the query's words lit up."""

from collections.abc import Sequence

from schemas.hits import Hit
from schemas.records import Content
from schemas.search import SearchRequest
from serving.highlighting import highlighted
from serving.lit_words import QueryWords


def shown(hits: Sequence[Hit], asked: SearchRequest, text: str) -> list[Hit]:
    """`text`: what was searched for in the end."""
    if asked.highlight is not None:
        hits = highlighted(hits, QueryWords(text, asked.typing), asked.highlight)
    if asked.fields is None:
        return list(hits)
    kept: set[str] = {"title", *asked.fields}
    return [hit.model_copy(update={"content": _only(hit.content, kept)}) for hit in hits]


def _only(content: Content, kept: set[str]) -> Content:
    return Content.model_construct(**{name: value for name, value in content if name in kept})
