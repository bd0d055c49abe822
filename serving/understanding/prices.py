"""Prices in a query: "under 50", "between 20 and 30 euro", "around €100".

A number is a price when a currency stands with it, or when the words say nothing else: "lamp under 50", but not "cable
under 50 cm", "toys for kids under 5", "under 21 club". A range of prices is never guessed from a bare amount: "50 euro
gift card" has none.
"""

from collections.abc import Sequence
from typing import Final, Literal, NamedTuple

from schemas.limits import PRICE_MAX
from serving.understanding.currencies import SIGNS, money
from serving.understanding.languages import Language, PriceWords
from serving.understanding.tokens import HYPHENS, Phrases, Token

ABOUT_SHARE: Final = 0.2
"""How far from the amount "around 100" still goes, up and down."""
AGES_BACK: Final = 2
"""Tokens before "under 5" in which a person makes it an age."""
MOST_SIGNS: Final = frozenset({"<", "<=", "≤"})
LEAST_SIGNS: Final = frozenset({">", ">=", "≥"})
_ENDS: Final = frozenset(",;.!?()[]")

Kind = Literal["most", "least", "about", "between"]


class Amount(NamedTuple):
    """A number as it stands among the tokens, from `first` to before `after`."""

    value: float
    codes: tuple[str, ...]
    """Currencies that were named; () when none was."""
    after: int


class Price(NamedTuple):
    """Part of a query that says a price; tokens from `first` to before `after`."""

    first: int
    after: int
    low: float | None
    high: float | None
    codes: tuple[str, ...]


def find_prices(
    tokens: Sequence[Token], said: Language, sized: frozenset[int], known: frozenset[str] = frozenset()
) -> list[Price]:
    """From left to right, not overlapping. `sized`: tokens that are numbers with a unit; `known`: currencies of the
    catalogue."""
    found, at = [], 0
    while at < len(tokens):
        price = _price_at(tokens, at, said, sized, known)
        if price is None:
            at += 1
        else:
            found.append(price)
            at = price.after
    return found


def _price_at(
    tokens: Sequence[Token], first: int, said: Language, sized: frozenset[int], known: frozenset[str]
) -> Price | None:
    words = said.price
    lead = words.lead.at(tokens, first)
    led = _joined(tokens, first, lead) in words.lead_alone
    at = first + lead
    for kind, phrases, alone, signs in (
        ("between", words.between, words.between_alone, frozenset[str]()),
        ("most", words.most, words.most_alone, MOST_SIGNS),
        ("least", words.least, frozenset[str](), LEAST_SIGNS),
        ("about", words.about, frozenset[str](), frozenset("~")),
    ):
        count = _phrase(phrases, signs, tokens, at)
        if not count:
            continue
        alone_means_money = tokens[at].text in signs or _joined(tokens, at, count) in alone
        price = _said(kind, tokens, first, at + count, said, known)
        if price is not None and _meant(price, led, alone_means_money, at + count, tokens, words, sized):
            return price
    price = _said("between", tokens, first, at, said, known)  # "20-30 euro", "price 20 to 30"
    if price is not None and _meant(price, led, False, at, tokens, words, sized):
        return price
    return None


def _phrase(phrases: Phrases, signs: frozenset[str], tokens: Sequence[Token], at: int) -> int:
    if at < len(tokens) and tokens[at].text in signs:
        return 1
    return phrases.at(tokens, at)


def _said(
    kind: str, tokens: Sequence[Token], first: int, at: int, said: Language, known: frozenset[str]
) -> Price | None:
    """The range of prices if amounts stand from `at` on."""
    amount = _amount(tokens, at, said, known)
    if amount is None:
        return None
    if kind == "most":
        return Price(first, amount.after, None, amount.value, amount.codes)
    if kind == "least":
        return Price(first, amount.after, amount.value, None, amount.codes)
    if kind == "about":
        low, high = amount.value * (1 - ABOUT_SHARE), amount.value * (1 + ABOUT_SHARE)
        return Price(first, amount.after, round(low, 2), round(high, 2), amount.codes)
    between = amount.after
    hyphen = between < len(tokens) and tokens[between].text in HYPHENS
    joined = 1 if hyphen else said.price.and_.at(tokens, between)
    other = _amount(tokens, between + joined, said, known) if joined else None
    if other is None:
        return None
    low, high = sorted((amount.value, other.value))
    return Price(first, other.after, low, high, other.codes or amount.codes)


def _meant(
    price: Price,
    led: bool,
    alone: bool,
    numbers_from: int,
    tokens: Sequence[Token],
    words: PriceWords,
    sized: frozenset[int],
) -> bool:
    """Whether the amount is money and nothing else. `led`: "price" stands before it; `alone`: its words need no
    currency."""
    if price.codes:
        return True
    if any(at in sized for at in range(numbers_from, price.after)):
        return False
    following = tokens[price.after].text if price.after < len(tokens) else ""
    if led:
        return following != "%"
    if not alone:
        return False
    before = {token.text for token in tokens[max(0, price.first - AGES_BACK) : price.first]}
    if before & words.ages or (price.high is not None and price.high < 1):
        return False
    return not following or following in words.follow or following in _ENDS


def _amount(tokens: Sequence[Token], at: int, said: Language, known: frozenset[str]) -> Amount | None:
    codes: tuple[str, ...] = ()
    if at < len(tokens) and (tokens[at].text in SIGNS or (tokens[at].is_word and money(tokens[at].text, known))):
        codes = money(tokens[at].text, known)
        at += 1
    if at >= len(tokens) or not tokens[at].is_number:
        return None
    value = number(tokens[at].text, said.decimal)
    at += 1
    if at < len(tokens) and tokens[at].text == "k" and tokens[at].start == tokens[at - 1].end and value is not None:
        after = money(tokens[at + 1].text, known) if at + 1 < len(tokens) else ()
        if codes or after:  # "under $2k", but not "tv under 4k"
            value *= 1_000
            at += 1
    if at < len(tokens) and not codes:
        codes = money(tokens[at].text, known)
        at += bool(codes)
    if value is None or value > PRICE_MAX:
        return None
    return Amount(value, codes, at)


def number(text: str, decimal: str) -> float | None:
    """ "1,500.50", "1.500,50", "1'500", "20". None when it is none: "1.2.3"."""
    groups = text.replace("’", "'").replace("'", "").replace("," if decimal == "." else ".", " ").split(" ")
    whole, _, cents = groups[-1].partition(decimal)
    thousands = len(groups) > 1 and all(len(group) == 3 for group in (*groups[1:-1], whole))
    if len(groups) == 2 and not thousands and not cents and len(whole) <= 2:  # "19,99" written the other way round
        return _float(f"{groups[0]}.{whole}")
    if len(groups) > 1 and not thousands:
        return None
    return _float("".join((*groups[:-1], whole)) + (f".{cents}" if cents else ""))


def _float(text: str) -> float | None:
    try:
        return float(text) if len(text) <= 15 else None
    except ValueError:
        return None


def _joined(tokens: Sequence[Token], at: int, count: int) -> str:
    return " ".join(token.text for token in tokens[at : at + count] if token.text not in HYPHENS)
