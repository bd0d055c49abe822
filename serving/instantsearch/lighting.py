"""`_highlightResult` and `_snippetResult`: texts of a record with the query's words between the client's own tags.

The texts are not escaped: InstantSearch does that itself, and says so by tags that no text holds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from index_snapshots.word_index import locale_of
from schemas.folding import words_in
from schemas.highlight import ANSWER_CHARS_MAX, HIGHLIGHT_CHARS_MAX
from schemas.instantsearch import Ours
from serving.highlighting import joined, snippet
from serving.instantsearch.fields import Fields
from serving.instantsearch.parameters import Parameters
from serving.instantsearch.records import Record, only
from serving.lit_words import QueryWords, Span, Token, lit, terms_of

SNIPPET_WORDS: Final = 10
SNIPPET_WORDS_MAX: Final = 100
BY_DEFAULT: Final[tuple[Ours, ...]] = ("title", "brand", "description", "category")
"""What is lit up where a client does not say."""
WORDS_MAX: Final = 50
"""Of a query, that are named as matched."""


@dataclass
class Lighting:
    """Of one answer. `text`: what was searched for in the end; `hits`: how many share ANSWER_CHARS_MAX."""

    text: str
    asked: Parameters
    fields: Fields
    hits: int

    @cached_property
    def _query(self) -> QueryWords:
        return QueryWords(self.text, self.asked.query_type != "prefixNone")

    @cached_property
    def _words(self) -> list[str]:
        return list(dict.fromkeys(words_in(self.text)))[:WORDS_MAX]

    @cached_property
    def _highlighted(self) -> Sequence[str]:
        if self.asked.attributes_to_highlight is not None:
            return self.asked.attributes_to_highlight
        return [name for ours in BY_DEFAULT for name in self.fields.theirs[ours]]

    @cached_property
    def _snippets(self) -> dict[str, int]:
        """Words of each, by attribute."""
        stated = (one.partition(":") for one in self.asked.attributes_to_snippet)
        return {name: _words_of(number) for name, _, number in stated}

    def of(self, record: Record, locale: str | None) -> dict[str, Any]:
        """What is added to a record; `locale` is the product's."""
        left = [ANSWER_CHARS_MAX // max(1, self.hits)]
        found: dict[str, Any] = {}
        lighted = {
            name: one
            for name, value in only(record, self._highlighted).items()
            if (one := self._value(value, locale, left)) is not None
        }
        snippets = {
            name: one
            for name in record
            if (words := self._snippets.get(name, self._snippets.get("*")))
            and (one := self._value(record[name], locale, left, words)) is not None
        }
        if lighted:
            found["_highlightResult"] = lighted
        if snippets:
            found["_snippetResult"] = snippets
        return found

    def _value(self, value: Any, locale: str | None, left: list[int], words: int | None = None) -> Any:
        """None: there is nothing to light up."""
        match value:
            case bool() | None:
                return None
            case str() | int() | float():
                return self._text(f"{value}", locale, left, words)
            case list():
                return [self._value(one, locale, left, words) for one in value]
            case Mapping():
                return {name: self._value(one, locale, left, words) for name, one in value.items()}
        return None

    def _text(self, text: str, locale: str | None, left: list[int], words: int | None) -> dict[str, Any]:
        looked_at = text[: max(0, min(HIGHLIGHT_CHARS_MAX, left[0]))]
        left[0] -= len(looked_at)
        tokens, flags = lit(looked_at, self._query, locale)
        whole = words is None or not tokens or (len(looked_at) == len(text) and len(tokens) <= words)
        window = Span(0, len(tokens)) if whole else snippet(tokens, flags, words or 0)
        matched = self._matched(tokens, flags, locale)
        told = {"value": self._tagged(text, tokens, flags, window, whole), "matchLevel": self._level(matched)}
        if words is not None:
            return told
        return {**told, "matchedWords": matched} | ({"fullyHighlighted": all(flags)} if matched else {})

    def _level(self, matched: Sequence[str]) -> str:
        return "none" if not matched else "full" if len(matched) == len(self._words) else "partial"

    def _matched(self, tokens: Sequence[Token], flags: Sequence[bool], locale: str | None) -> list[str]:
        """Words of the query that light something up."""
        shining = {term for token, is_lit in zip(tokens, flags, strict=True) if is_lit for term in token.terms}
        if not shining:
            return []
        spoken = locale_of(locale or "")
        return [
            word
            for word in self._words
            if not shining.isdisjoint((word, *terms_of(word, spoken))) or any(one.startswith(word) for one in shining)
        ]

    def _tagged(self, text: str, tokens: Sequence[Token], flags: Sequence[bool], window: Span, whole: bool) -> str:
        """The text from the first to the last token of the window; `whole`: with what stands around these."""
        start = 0 if whole or not window.start else tokens[window.start].start
        end = len(text) if whole else tokens[window.end - 1].end
        before, after, cut = (
            self.asked.highlight_pre_tag,
            self.asked.highlight_post_tag,
            self.asked.snippet_ellipsis_text,
        )
        parts, done = [cut if start else ""], start
        for span in joined(tokens[window.start : window.end], flags[window.start : window.end]):
            parts += [text[done : span.start], before, text[span.start : span.end], after]
            done = span.end
        return "".join([*parts, text[done:end], cut if end < len(text) else ""])


def _words_of(number: str) -> int:
    return min(SNIPPET_WORDS_MAX, max(1, int(number))) if number.isascii() and number.isdigit() else SNIPPET_WORDS
