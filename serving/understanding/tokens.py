"""A query as words, numbers and signs with their places, and phrases that are looked for among them."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

_TOKEN: Final = re.compile(
    r"w/o(?!\w)|[0-9]+/[0-9]+(?![0-9])|[0-9]+(?:[.,'’][0-9]+)*|[^\W\d_]+(?:['’][^\W\d_]+)*|[<>]=?|''|\S", re.IGNORECASE
)
HYPHENS: Final = frozenset("-‐‑–—")


class Token(NamedTuple):
    text: str
    """Case folded; a typographic apostrophe as a plain one."""
    start: int
    end: int

    @property
    def is_word(self) -> bool:
        return self.text[0].isalpha()

    @property
    def is_number(self) -> bool:
        return self.text[0] in "0123456789"


def tokens_of(text: str) -> list[Token]:
    return [
        Token(found[0].casefold().replace("’", "'"), found.start(), found.end())
        for found in _TOKEN.finditer(text)
        if found[0].casefold()
    ]


def glued(tokens: Sequence[Token], at: int) -> bool:
    """Whether a token stands right behind the one before it."""
    return at > 0 and tokens[at].start == tokens[at - 1].end


@dataclass(frozen=True)
class Phrases:
    """Phrases of one or more words, by their first one; the longest first."""

    by_first: Mapping[str, tuple[tuple[str, ...], ...]]

    @classmethod
    def of(cls, phrases: Iterable[str]) -> "Phrases":
        split = sorted({tuple(token.text for token in tokens_of(phrase)) for phrase in phrases}, key=lambda p: -len(p))
        return cls({first: tuple(p for p in split if p[0] == first) for first in {p[0] for p in split}})

    def at(self, tokens: Sequence[Token], start: int) -> int:
        """How many tokens from `start` on are the longest phrase; 0: none is there. Hyphens between its words count."""
        if start >= len(tokens):
            return 0
        for phrase in self.by_first.get(tokens[start].text, ()):
            at = start
            for word in phrase:
                if at > start and at < len(tokens) and tokens[at].text in HYPHENS and word not in HYPHENS:
                    at += 1
                if at >= len(tokens) or tokens[at].text != word:
                    break
                at += 1
            else:
                return at - start
        return 0


def without(text: str, spans: Iterable[tuple[int, int]]) -> str:
    """The text without these pieces, and without the signs that then stand alone at an end or in brackets."""
    kept, at = [], 0
    for start, end in sorted(spans):
        kept.append(text[at : max(at, start)])
        at = max(at, end)
    kept.append(text[at:])
    joined = " ".join(" ".join(kept).split())
    joined = re.sub(r"\( ?\)|\[ ?\]", " ", joined)
    return " ".join(joined.split()).strip(" ,;:-–—").strip()
