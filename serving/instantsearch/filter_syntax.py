"""Reads the `filters` of a request: `brand:Lumen AND (colour:red OR price < 10) AND NOT in_stock:false`.

OR binds more tightly than AND: what can be asked for there are ANDs of ORs.
"""

import re
from math import isfinite
from typing import Final, NamedTuple

from schemas.errors import InvalidRequest, Problem
from serving.instantsearch.conditions import All, AnyOf, Between, Condition, Has, Not, compared

FILTERS_CHARS_MAX: Final = 10_000
PARENTHESES_MAX: Final = 10
"""In each other."""
OPERATORS: Final = ("<=", ">=", "!=", "<", ">", "=")
TOKEN: Final = re.compile(
    r"""\s*(?:
        (?P<quoted>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
      | (?P<sign><=|>=|!=|<|>|=|:|\(|\))
      | (?P<word>(?:[^\s()"'<>=!:]|!(?!=))(?:[^\s()<>=!:]|!(?!=))*)
    )""",
    re.VERBOSE | re.DOTALL,
)
VALUE: Final = re.compile(r"[^\s()]+")
"""What stands behind a colon without quotes."""
SCORE: Final = re.compile(r"<score=[0-9]+>")
"""What a filter counts for ranking where it is optional: not here."""
NUMBER: Final = re.compile(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")


class Token(NamedTuple):
    kind: str
    """`quoted`, `sign`, `word` or `end`."""
    text: str
    at: int


def parse_filters(text: str) -> Condition | None:
    """None: everything passes. Raises InvalidRequest that says where it is wrong."""
    if len(text) > FILTERS_CHARS_MAX:
        raise wrong(f"is longer than {FILTERS_CHARS_MAX:,} characters")
    if not text.strip():
        return None
    return _Reader(text).whole()


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._deep = 0

    def whole(self) -> Condition:
        found = self._all()
        if self._peek().kind != "end":
            raise self._wrong("AND or OR is missing")
        return found

    def _all(self) -> Condition:
        parts = [self._any()]
        while self._takes("word", "AND"):
            parts.append(self._any())
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def _any(self) -> Condition:
        parts = [self._one()]
        while self._takes("word", "OR"):
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else AnyOf(tuple(parts))

    def _one(self) -> Condition:
        turned = False
        while self._takes("word", "NOT"):
            turned = not turned
        found = self._group() if self._takes("sign", "(") else self._leaf()
        return Not(found) if turned else found

    def _group(self) -> Condition:
        self._deep += 1
        if self._deep > PARENTHESES_MAX:
            raise self._wrong(f"there are more than {PARENTHESES_MAX} parentheses in each other")
        found = self._all()
        if not self._takes("sign", ")"):
            raise self._wrong("a closing parenthesis is missing")
        self._deep -= 1
        return found

    def _leaf(self) -> Condition:
        token = self._next()
        if token.kind not in ("word", "quoted") or (token.kind == "word" and token.text in ("AND", "OR", "NOT")):
            raise self._wrong("an attribute is missing", token.at)
        if self._takes("sign", ":"):
            return self._valued(token.text)
        sign = self._peek()
        if sign.kind == "sign" and sign.text in OPERATORS:
            self._next()
            return compared(token.text, sign.text, self._number())
        name, colon, value = token.text.partition(":")
        if token.kind == "quoted" and colon and name and value:
            return Has(name, value)
        raise self._wrong(f"{token.text!r} is a tag: these are not here; filter by attribute:value", token.at)

    def _valued(self, name: str) -> Condition:
        """Behind the colon: a value, or two numbers with TO."""
        token = self._value()
        low = number_of(token.text)
        if low is not None and self._takes("word", "TO"):
            return Between(name, low, self._number())
        return Has(name, token.text)

    def _value(self) -> Token:
        ahead = self._peek()
        if ahead.kind == "quoted":
            found = self._next()
        else:
            while self._text[self._at : self._at + 1].isspace():
                self._at += 1
            match = VALUE.match(self._text, self._at)
            if match is None:
                raise self._wrong("a value is missing")
            found = Token("word", SCORE.sub("", match[0]), self._at)
            self._at = match.end()
        score = SCORE.match(self._text, self._at)
        self._at = score.end() if score else self._at
        return found

    def _number(self) -> float:
        token = self._next()
        found = number_of(token.text)
        if found is None:
            raise self._wrong(f"{token.text!r} is not a number", token.at)
        return found

    def _takes(self, kind: str, text: str) -> bool:
        ahead = self._peek()
        if (ahead.kind, ahead.text) != (kind, text):
            return False
        self._next()
        return True

    def _peek(self) -> Token:
        at = self._at
        found = self._next()
        self._at = at
        return found

    def _next(self) -> Token:
        match = TOKEN.match(self._text, self._at)
        if match is None:
            rest = self._text[self._at :].strip()
            if rest:
                raise self._wrong(f"{rest[0]!r} is not expected here")
            return Token("end", "", len(self._text))
        self._at = match.end()
        kind = str(match.lastgroup)
        text = match[kind]
        return Token(kind, unquoted(text) if kind == "quoted" else text, match.start(kind))

    def _wrong(self, what: str, at: int | None = None) -> InvalidRequest:
        return wrong(f"{what}, at character {(self._at if at is None else at) + 1}")


def unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1], flags=re.DOTALL)


def number_of(text: str) -> float | None:
    """None: it is none."""
    found = float(text) if NUMBER.fullmatch(text) else None
    return found if found is not None and isfinite(found) else None


def wrong(what: str, parameter: str = "filters") -> InvalidRequest:
    return InvalidRequest("invalid_request", f"{parameter}: {what}", (Problem(parameter, what),))
