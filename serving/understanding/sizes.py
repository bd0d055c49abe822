"""Sizes in a query: "500gb", "15 inch", "30x40 cm", "1/2 in", with all the ways in which a product may write them."""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from schemas.wishes import SIZES_MAX, SPELLINGS_MAX, Size, Spelling
from serving.understanding.prices import number
from serving.understanding.tokens import HYPHENS, Token, glued
from serving.understanding.units import BINARY, GLUED_ONLY, INCH, OF_DIMENSION, UNITS, Unit

TIMES: Final = frozenset({"x", "×", "*", "by"})
NUMBERS_MAX: Final = 3
"""Of one size: length, width, height."""
ROUNDING: Final = 0.003
"""By how much a size written in another unit may be rounded: 17 inch are 43.2 cm."""
LEAST: Final = 0.05
MOST: Final = 100_000
KEPT_MAX: Final = 1_024
"""Sizes with all their spellings: the same few are asked for again and again, and each takes 0.3 ms."""


class Sized(NamedTuple):
    """Tokens from `first` to before `after` say a size."""

    first: int
    after: int
    size: Size


def find_sizes(tokens: Sequence[Token], text: str, decimal: str) -> list[Sized]:
    """From left to right, not overlapping. `text`: what the tokens were read from."""
    found, at = [], 0
    while at < len(tokens):
        sized = _size_at(tokens, at, text, decimal)
        if sized is None:
            at += 1
        else:
            found.append(sized)
            at = sized.after
    return found


def wished(found: Sequence[Sized]) -> list[Size]:
    """The first SIZES_MAX of them."""
    return [one.size for one in found[:SIZES_MAX]]


def _size_at(tokens: Sequence[Token], first: int, text: str, decimal: str) -> Sized | None:
    if not tokens[first].is_number or (glued(tokens, first) and tokens[first - 1].is_word):  # "rtx2060", "v8"
        return None
    at, numbers, unit = first, [tokens[first].text], None
    while True:
        at += 1
        found = _unit_at(tokens, at)
        if found is not None:
            at, unit = at + found[0], found[1]
        if not (len(numbers) < NUMBERS_MAX and _times(tokens, at)):
            break
        at += 1
        numbers.append(tokens[at].text)
    if unit is None and (len(numbers) == 1 or glued_word(tokens, at)):
        return None
    spellings = list(_spelt(tuple(numbers), unit, decimal))
    said = text[tokens[first].start : tokens[at - 1].end]
    if not spellings or len(said) > 100:
        return None
    return Sized(first, at, Size(text=said, spellings=spellings))


def glued_word(tokens: Sequence[Token], at: int) -> bool:
    """Whether a word stands right behind the last number: "4x4matic" is no size."""
    return at < len(tokens) and tokens[at].is_word and glued(tokens, at)


def _times(tokens: Sequence[Token], at: int) -> bool:
    return at + 1 < len(tokens) and tokens[at].text in TIMES and tokens[at + 1].is_number


def _unit_at(tokens: Sequence[Token], at: int) -> tuple[int, Unit] | None:
    """How many tokens the unit takes, a hyphen before it included; None where there is none."""
    skipped = 1 if at < len(tokens) and tokens[at].text in HYPHENS and glued(tokens, at) else 0
    place = at + skipped
    if place >= len(tokens) or tokens[place].text not in UNITS:
        return None
    word = tokens[place].text
    if word in GLUED_ONLY and not glued(tokens, place) and not _stands_for_a_unit(tokens, place):
        return None
    if word in ("'", "''", '"', "″", "′", "”") and not glued(tokens, place):
        return None
    count = skipped + 1
    if place + 1 < len(tokens) and tokens[place + 1].text == "." and word in ("in", "ft", "oz", "lb", "gal"):
        count += 1
    return count, UNITS[word]


def _stands_for_a_unit(tokens: Sequence[Token], at: int) -> bool:
    """Whether "10 in", "5 m", "2 l" is a size and not "2 in 1", "galaxy 10 a": a long word or nothing follows."""
    word = tokens[at].text
    if word in ("a", "'", "go"):
        return False
    if at + 1 >= len(tokens):
        return word != "in"
    following = tokens[at + 1].text
    if following == ".":
        return word == "in"
    if tokens[at + 1].is_number:
        return word != "in"
    return tokens[at + 1].is_word and len(following) > 2 and following not in ("one", "the", "stock", "all", "und")


@lru_cache(KEPT_MAX)
def _spelt(numbers: tuple[str, ...], unit: Unit | None, decimal: str) -> tuple[Spelling, ...]:
    return tuple(_spellings(numbers, unit, decimal))[:SPELLINGS_MAX]


def _spellings(numbers: Sequence[str], unit: Unit | None, decimal: str) -> Iterator[Spelling]:
    """The way it stands first, then what it is in other units."""
    names = [] if unit is None else list(unit.names)
    loose = unit is INCH and len(numbers) == 1 and numbers[0].isdecimal()
    values = [_value(text, decimal) for text in numbers]
    if any(value is None for value in values):
        return
    plain = [text if "/" in text else _plain(value or 0.0) for text, value in zip(numbers, values, strict=True)]
    yield Spelling(numbers=plain, units=names, loose=loose)
    if any("/" in text for text in numbers):
        yield Spelling(numbers=[_plain(value or 0.0) for value in values], units=names)
    if unit is None:
        return
    for other in OF_DIMENSION[unit.dimension]:
        if other is unit or unit.dimension == "count":
            continue
        for ratio in _ratios(unit, other):
            rounded = [_rounded((value or 0.0) * ratio) for value in values]
            yield from (
                Spelling(numbers=[texts[at] for texts in rounded if at < len(texts)], units=list(other.names))
                for at in range(max((len(texts) for texts in rounded), default=0))
                if all(at < len(texts) for texts in rounded)
            )


def _ratios(unit: Unit, other: Unit) -> tuple[float, ...]:
    ratio = unit.factor / other.factor
    if unit.dimension != "storage":
        return (ratio,)
    return (ratio, BINARY) if ratio == 1_000 else (ratio, 1 / BINARY) if ratio == 1 / 1_000 else (ratio,)


def _rounded(value: float) -> list[str]:
    """As it may be written: with up to two decimals, none of which says something else."""
    if not LEAST <= value <= MOST:
        return []
    texts = [_plain(round(value, decimals)) for decimals in (0, 1, 2)]
    return list(dict.fromkeys(text for text in texts if abs(float(text) - value) <= ROUNDING * value))


def _value(text: str, decimal: str) -> float | None:
    over, _, under = text.partition("/")
    if under:
        return int(over) / int(under) if len(text) < 10 and int(under) else None
    return number(text, decimal) if len(text) <= 12 else None


def _plain(value: float) -> str:
    return f"{value:.4f}".rstrip("0").rstrip(".")
