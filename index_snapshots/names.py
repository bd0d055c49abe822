"""Names found while one types: each word by its beginning, with one slip; immutable, so that any thread may look."""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from schemas.folding import words_in

SLIP_CHARS_MIN: Final = 4
"""A shorter beginning is not looked for with a slip: it would begin half of all words."""
TYPED_WORDS_MAX: Final = 6
"""The last words of what is typed that are looked at."""
SIGNS_MAX: Final = 40
"""Different signs that a slip may have left out or changed: the most frequent ones of the names."""
WORD_CHARS_MAX: Final = 20
"""Of a word that is looked for with a slip: each sign more makes 80 more beginnings."""


class Fit(NamedTuple):
    """How well a name fits what was typed; less is better."""

    unmatched: int
    """Words of what was typed, from the front, that the name has not."""
    slips: int
    inside: int
    """0: the name begins so; 1: one of its further words does."""


class Fitting(NamedTuple):
    at: int
    """Which of the names, in the order given."""
    fit: Fit


class Names:
    """Of brands, categories or queries."""

    def __init__(self, names: Iterable[str]) -> None:
        self._holding: dict[str, list[int]] = {}
        self._first: list[str] = []
        signs: dict[str, int] = {}
        for at, name in enumerate(names):
            words = words_in(name)
            self._first.append(words[0] if words else "")
            for word in dict.fromkeys(words):
                self._holding.setdefault(word, []).append(at)
                for sign in word:
                    signs[sign] = signs.get(sign, 0) + 1
        self._words = sorted(self._holding)
        self._signs = sorted(signs, key=lambda sign: (-signs[sign], sign))[:SIGNS_MAX]

    def __len__(self) -> int:
        return len(self._first)

    def fitting(self, typed: str) -> list[Fitting]:
        """Names that have the last words of what was typed, as many of them as any name has; in no order. The last word
        may be unfinished, the others too: "desk la" and "de la" find a desk lamp."""
        words = words_in(typed)[-TYPED_WORDS_MAX:]
        found: dict[int, tuple[int, int]] = {}
        matched = 0
        for word in reversed(words):
            having, beginnings = self._having(word)
            both = {at: having[at] + slips for at, (slips, _) in found.items() if at in having} if matched else having
            if not both:
                break
            matched += 1
            found = {at: (slips, 0 if self._first[at].startswith(beginnings) else 1) for at, slips in both.items()}
        return [Fitting(at, Fit(len(words) - matched, slips, inside)) for at, (slips, inside) in found.items()]

    def _having(self, beginning: str) -> tuple[dict[int, int], tuple[str, ...]]:
        """Names with a word that begins so, with the slips that takes, and how these words begin; a slip only where it
        takes one."""
        plain = self._beginning(beginning)
        if plain:
            return dict.fromkeys(plain, 0), (beginning,)
        nears = tuple(self._slips(beginning))
        return dict.fromkeys((at for near in nears for at in self._beginning(near)), 1), nears

    def _beginning(self, start: str) -> list[int]:
        low = bisect_left(self._words, start)
        found: list[int] = []
        for at in range(low, len(self._words)):
            if not self._words[at].startswith(start):
                break
            found += self._holding[self._words[at]]
        return found

    def _slips(self, beginning: str) -> Iterator[str]:
        """Those of `slips` that any word begins with."""
        return (near for near in slips(beginning, self._signs, self._begins) if self._begins(near))

    def _begins(self, start: str) -> bool:
        low = bisect_left(self._words, start)
        return low < len(self._words) and self._words[low].startswith(start)


def slips(word: str, signs: Sequence[str], begins: Callable[[str], bool]) -> Iterator[str]:
    """What may be meant: one sign too many, too few, another one, or two that changed places; the first one is right,
    as nearly always. Nothing for words of fewer than SLIP_CHARS_MIN signs, or more than WORD_CHARS_MAX.

    `begins`: whether any word begins so. Where none does no later slip can help: most of the work is not done.
    """
    if not SLIP_CHARS_MIN <= len(word) <= WORD_CHARS_MAX:
        return
    seen: set[str] = set()
    for at in range(1, len(word)):
        if not begins(word[:at]):
            return
        for near in _slips_at(word, at, signs):
            if near not in seen:
                seen.add(near)
                yield near


def _slips_at(word: str, at: int, signs: Sequence[str]) -> Iterator[str]:
    head, tail = word[:at], word[at:]
    yield head + tail[1:]
    if len(tail) > 1:
        yield head + tail[1] + tail[0] + tail[2:]
    for sign in signs:
        yield head + sign + tail
        yield head + sign + tail[1:]
