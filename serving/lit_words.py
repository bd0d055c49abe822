"""Which parts of a text are words of the query: by the analyzers of the index of words, so that stems light up."""

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Final, NamedTuple

from index_snapshots.word_index import ANALYZERS, PLAIN, PREFIX_CHARS_MIN, locale_of, possible_codes
from index_snapshots.word_text import CJK, MARKED, as_code, has_digit, in_pairs
from schemas.folding import WORD

TERMS_KEPT_MAX: Final = 50_000
"""Words whose terms are remembered."""


class Span(NamedTuple):
    """A part of a text."""

    start: int
    end: int


class Token(NamedTuple):
    """A word of a text, or one sign where words are not written apart."""

    start: int
    end: int
    terms: tuple[str, ...]
    """What the index holds of it."""
    sign: bool = False


@dataclass(frozen=True)
class QueryWords:
    """The query as it is looked for in texts."""

    text: str
    typing: bool = False

    @cached_property
    def _words(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(ANALYZERS[PLAIN].analyze(in_pairs(self.text))))

    @cached_property
    def codes(self) -> frozenset[str]:
        return frozenset(code for code in possible_codes(self.text) if has_digit(code))

    @property
    def beginning(self) -> str:
        """The last word, where it may be unfinished; else empty."""
        unfinished = bool(self._words) and not self.text[-1].isspace()
        return self._words[-1] if unfinished and len(self._words[-1]) >= PREFIX_CHARS_MIN else ""

    def terms(self, locale: str) -> frozenset[str]:
        return frozenset(term for word in self._words for term in terms_of(word, locale))

    def begun(self, found: Sequence[Token], locale: str) -> str:
        """Words that begin like this count: always while typing, else where no token is the last word; or empty."""
        start = self.beginning
        if not start or self.typing:
            return start
        whole = set(terms_of(start, locale))
        return "" if any(whole.intersection(token.terms) for token in found) else start


@lru_cache(maxsize=TERMS_KEPT_MAX)
def terms_of(word: str, locale: str) -> tuple[str, ...]:
    return tuple(ANALYZERS[locale].analyze(word))


def tokens(text: str, locale: str) -> Iterator[Token]:
    """In the order of the text."""
    if text.isascii():  # no signs, and no marks that belong to a letter: a third of the time
        yield from (Token(*one.span(), terms_of(one[0], locale)) for one in WORD.finditer(text))
        return
    for start, end in _runs(text):
        for at, part in _parts(text[start:end]):
            if CJK.match(part):
                for place in range(len(part)):
                    pairs = {part[max(0, place - 1) : place + 1], part[place : place + 2]}
                    terms = tuple(pair for pair in pairs if len(pair) == min(2, len(part)))
                    yield Token(start + at + place, start + at + place + 1, terms, sign=True)
            else:
                yield Token(start + at, start + at + len(part), terms_of(part, locale))


def _runs(text: str) -> Iterator[Span]:
    """Letters and digits, with the marks that belong to them."""
    begun: Span | None = None
    for found in WORD.finditer(text):
        start, end = found.span()
        while end < len(text) and unicodedata.category(text[end]).startswith("M"):
            end += 1
        if begun is not None and begun.end == start:
            begun = Span(begun.start, end)
            continue
        if begun is not None:
            yield begun
        begun = Span(start, end)
    if begun is not None:
        yield begun


def _parts(run: str) -> Iterator[tuple[int, str]]:
    """Signs that are written without spaces, and what stands between them."""
    done = 0
    for found in CJK.finditer(run):
        if found.start() > done:
            yield done, run[done : found.start()]
        yield found.start(), found[0]
        done = found.end()
    if done < len(run):
        yield done, run[done:]


def lit(text: str, query: QueryWords, stated_locale: str | None) -> tuple[list[Token], list[bool]]:
    """The tokens of a text, and which of them the query has."""
    locale = locale_of(stated_locale or "")
    every, wanted, coded = list(tokens(text, locale)), query.terms(locale), _coded(text, query.codes)
    begun = query.begun(every, locale)
    found = [token for token in every if not any(_inside(token, code) for code in coded)]
    found = sorted([*found, *coded])
    return found, [_is_lit(token, wanted, begun) or token in coded for token in found]


def _is_lit(token: Token, wanted: frozenset[str], begun: str) -> bool:
    if not wanted.isdisjoint(token.terms):
        return True
    return bool(begun) and any(term.startswith(begun) for term in token.terms)


def _inside(token: Token, code: Token) -> bool:
    return code.start <= token.start and token.end <= code.end


def _coded(text: str, codes: frozenset[str]) -> list[Token]:
    """Model numbers and codes that the query names, with or without their marks."""
    if not codes:
        return []
    marked = [Token(*one.span(), (as_code(one[0]),)) for one in MARKED.finditer(text)]
    named = [token for token in marked if token.terms[0] in codes]
    alone = [Token(*one.span(), (as_code(one[0]),)) for one in WORD.finditer(text)]
    return named + [one for one in alone if one.terms[0] in codes and not any(_inside(one, code) for code in named)]
