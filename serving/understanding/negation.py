"""What a query does not want: "without fan", "not refurbished", "no sugar or salt", "-wireless".

The words leave the text that is searched, and what they name counts against a product that has it. Names of things keep
their words, "no frost freezer"; so do "non-stick pan" and "sugar-free gum", but there the opposite counts against it.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from schemas.wishes import PHRASE_CHARS_MAX
from serving.understanding.languages import NegationWords
from serving.understanding.tokens import HYPHENS, Phrases, Token, glued

PHRASE_WORDS_MAX: Final = 3
"""Words of what is not wanted, up to where something else begins; of more only the first is meant."""
ELIDED: Final = ("d'", "l'")


class Negated(NamedTuple):
    """Part of a query, tokens from `first` to before `after`, that says what is not wanted."""

    first: int
    after: int
    phrase: str
    """In lower case; empty: no thing that a product could have ("not too heavy")."""
    leaves: bool
    """Whether the words leave the text that is searched."""


def find_negated(tokens: Sequence[Token], said: NegationWords, taken: frozenset[int] = frozenset()) -> list[Negated]:
    """From left to right, not overlapping. `taken`: tokens that mean something else, a price."""
    found: list[Negated] = []
    at = 0
    while at < len(tokens):
        untouched = said.terms.at(tokens, at) or said.harmless.at(tokens, at) or said.suffix_idioms.at(tokens, at)
        if untouched:
            at += untouched
            continue
        negated = [] if at in taken else _at(tokens, at, said, taken)
        found += negated
        at = negated[-1].after if negated else at + 1
    return found


def _at(tokens: Sequence[Token], at: int, said: NegationWords, taken: frozenset[int]) -> list[Negated]:
    return _minus(tokens, at, taken) or _feature(tokens, at, said, taken) or _before(tokens, at, said, taken)


def _minus(tokens: Sequence[Token], at: int, taken: frozenset[int]) -> list[Negated]:
    """`-word` and `-"two words"`, as search engines write it."""
    if tokens[at].text != "-" or glued(tokens, at) or at + 1 >= len(tokens) or not glued(tokens, at + 1):
        return []
    if tokens[at + 1].text == '"':
        ends = [place for place in range(at + 2, len(tokens)) if tokens[place].text == '"'][:1]
        words = [token.text for token in tokens[at + 2 : ends[0]] if token.is_word or token.is_number] if ends else []
        return [Negated(at, ends[0] + 1, _phrase(words), True)] if words else []
    if not tokens[at + 1].is_word:
        return []
    after = at + 2
    while after < len(tokens) and glued(tokens, after) and after not in taken:
        after += 1
    words = [token.text for token in tokens[at + 1 : after] if token.is_word or token.is_number]
    return [Negated(at, after, _phrase(words), True)]


def _feature(tokens: Sequence[Token], at: int, said: NegationWords, taken: frozenset[int]) -> list[Negated]:
    """`non-stick` and `sugar-free`: the words stay."""
    hyphen = 1 if at + 1 < len(tokens) and tokens[at + 1].text in HYPHENS else 0
    other = at + 1 + hyphen
    if other >= len(tokens) or other in taken or not (tokens[at].is_word and tokens[other].is_word):
        return []
    if tokens[at].text in said.prefix:
        return [Negated(at, other + 1, tokens[other].text, False)]
    if tokens[other].text in said.suffix and tokens[at].text not in said.stop and not _negates(tokens, at, said):
        if said.suffix_idioms.at(tokens, other):
            return []
        return [Negated(at, other + 1, tokens[at].text, False)]
    return []


def _negates(tokens: Sequence[Token], at: int, said: NegationWords) -> bool:
    return bool(said.before.at(tokens, at))


def _before(tokens: Sequence[Token], first: int, said: NegationWords, taken: frozenset[int]) -> list[Negated]:
    count = said.before.at(tokens, first)
    if not count:
        return []
    at = first + count
    if at < len(tokens) and (tokens[at].is_number or tokens[at].text in "./") and tokens[first].text == "no":
        return []  # "no. 30", "no 5"
    at = _skipped(tokens, at, said.skip)
    if at < len(tokens) and at not in taken and tokens[at].text in said.degree:
        words, after = _words(tokens, at + 1, said, taken)
        return [Negated(first, after, "", True)] if words else []
    found: list[Negated] = []
    begin = first
    while True:
        words, after = _words(tokens, at, said, taken)
        if not words:
            return found
        if len(words) > PHRASE_WORDS_MAX or (first == 0 and not found and after >= len(tokens)):
            words, after = words[:1], at + 1
        found.append(Negated(begin, after, _phrase(words), True))
        if after >= len(tokens) or tokens[after].text not in said.join or after in taken:
            return found
        begin, at = after, after + 1
        if at < len(tokens) and (said.before.at(tokens, at) or tokens[at].text in said.stop):
            return found
        at = _skipped(tokens, at, said.skip)


def _skipped(tokens: Sequence[Token], at: int, skip: Phrases) -> int:
    while count := skip.at(tokens, at):
        if at + count >= len(tokens):  # the last word is what is meant
            return at
        at += count
    return at


def _words(tokens: Sequence[Token], at: int, said: NegationWords, taken: frozenset[int]) -> tuple[list[str], int]:
    """Words from `at` on up to where something else begins, and where that is."""
    words: list[str] = []
    while at < len(tokens) and at not in taken:
        token = tokens[at]
        if token.text in HYPHENS and words and glued(tokens, at) and at + 1 < len(tokens) and glued(tokens, at + 1):
            at += 1
            continue
        if not (token.is_word or token.is_number) or token.text in said.stop or token.text in said.join:
            break
        if said.before.at(tokens, at) or said.terms.at(tokens, at):
            break
        words.append(token.text.removeprefix(ELIDED[0]).removeprefix(ELIDED[1]))
        at += 1
    return words, at


def _phrase(words: Sequence[str]) -> str:
    return " ".join(word for word in words if word)[:PHRASE_CHARS_MAX].strip()
