"""What of a hit is shown with the query's words lit up."""

from typing import Annotated, Final, Literal, get_args

from pydantic import BeforeValidator, Field

from schemas.strict import Strict

HighlightField = Literal["title", "brand", "description"]
FIELDS: Final[tuple[HighlightField, ...]] = get_args(HighlightField)
DEFAULT_FIELDS: Final[tuple[HighlightField, ...]] = ("title", "description")
TAG_CHARS_MAX: Final = 100
SNIPPET_WORDS_MAX: Final = 100
HIGHLIGHT_CHARS_MAX: Final = 5_000
"""Of one field: words further on are not lit up, and no snippet comes from there."""
ANSWER_CHARS_MAX: Final = 100_000
"""Of all hits of an answer together, 8 ms: of many long descriptions less is looked at, of each as much."""


class HighlightAsk(Strict):
    """How words are lit up. `true` alone: as by default."""

    fields: Annotated[list[HighlightField], Field(min_length=1, max_length=len(FIELDS))] = Field(
        default_factory=lambda: list(DEFAULT_FIELDS)
    )
    before: Annotated[str, Field(max_length=TAG_CHARS_MAX)] = "<mark>"
    """Stands before a word that is lit up, as it is."""
    after: Annotated[str, Field(max_length=TAG_CHARS_MAX)] = "</mark>"
    snippet_words: Annotated[int, Field(ge=1, le=SNIPPET_WORDS_MAX)] = 30
    """Of a description so many words are shown: those in a row that hold most words of the query."""


def _whole(ask: object) -> object:
    return {} if ask is True else None if ask is False else ask


Highlight = Annotated[HighlightAsk | None, BeforeValidator(_whole, json_schema_input_type=HighlightAsk | bool | None)]
