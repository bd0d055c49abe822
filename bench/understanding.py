"""Queries with a known truth, made from what a shop answers, and what the shop makes of them: prices, sizes, negations.

For each query of a folder the plain answer is taken first. From it follow a price that half of the hits cost more
than, a word that some of their titles hold, a size that some of them have and the brand of some. Each is added to the
query, and the answers with and without understanding are compared. The truth is read from titles and prices by plain
patterns here, not by the code that is measured.
"""

import re
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any, Final

from bench.shop import Shop

CUT: Final = 10
LOOKED_AT: Final = 50
"""Hits of the plain answer from which queries are made."""
HITS_MIN: Final = 20
"""A plain answer with fewer says too little."""
SHARE_MIN: Final = 0.2
SHARE_MAX: Final = 0.6
"""Of the hits looked at, so many hold the word or the size: less is an accident, more is what all have."""
PRICE_WORDS: Final = ("under {high}", "less than {high}", "between {low} and {high}", "up to {high} {currency}")
NEGATION_WORDS: Final = ("without {word}", "not {word}", "no {word}")
_SIZE: Final = re.compile(r"(?<![\w.,])([0-9]{1,4}(?:\.[0-9])?) ?(GB|TB|MB|cm|mm|kg|W|ml|mAh|MP)(?!\w)")
_WORD: Final = re.compile(r"(?<!\w)[a-z]{3,}(?!\w)")
_LITTLE: Final = frozenset(
    {"and", "for", "the", "with", "without", "not", "all", "new", "from", "one", "two", "set", "pcs"}
)

STEPS: Final = ("prices", "negation", "units", "brands")

Answer = dict[str, Any]
Search = Callable[[dict[str, Any]], Awaitable[Answer]]
"""A body of POST /v1/search, and the answer."""
Judge = Callable[[Answer], bool]


@dataclass(frozen=True)
class Made:
    """A query that was made, and what is true of it."""

    step: str
    text: str
    means: Callable[[dict[str, Any]], bool]
    """Whether `understood` of an answer says what is meant."""
    wrong: Judge
    """Whether a hit is not what was asked for."""


@dataclass
class Figures:
    """Of one step."""

    queries: int = 0
    recognised: int = 0
    wrong_off: list[float] = field(default_factory=list)
    wrong_on: list[float] = field(default_factory=list)

    def told(self) -> dict[str, Any]:
        return {
            "queries": self.queries,
            "recognised": _share([self.recognised / self.queries]) if self.queries else None,
            "wrong_in_top10_off": _share(self.wrong_off),
            "wrong_in_top10_on": _share(self.wrong_on),
        }


async def evaluate_shop(url: str, queries: Iterable[str], *, key: str = "") -> dict[str, Any]:
    """Of a running Freshet. Raises ShopError when an answer stays incomplete."""
    async with Shop(url, key) as shop:
        return await evaluate_understanding(shop.whole, queries)


async def evaluate_understanding(search: Search, queries: Iterable[str]) -> dict[str, Any]:
    """By step: how many queries were made, the share that was recognised, and the share of the top 10 that is not what
    was asked for, without and with understanding. `untouched`: the queries as they are."""
    figures = {step: Figures() for step in STEPS}
    same: list[float] = []
    touched: list[str] = []
    for number, text in enumerate(queries):
        plain = (await search({"text": text, "limit": LOOKED_AT, "understand": []}))["hits"]
        answer = await search({"text": text, "limit": CUT})
        if answer.get("understood"):
            touched.append(text)
        same.append(_overlap(plain[:CUT], answer["hits"]))
        for made in made_from(text, plain, number):
            await _compare(search, made, figures[made.step])
    untouched = {"queries": len(same), "read_something": touched, "same_in_top10": _share(same)}
    return {step: one.told() for step, one in figures.items()} | {"untouched": untouched}


async def _compare(search: Search, made: Made, figures: Figures) -> None:
    off = await search({"text": made.text, "limit": CUT, "understand": []})
    on = await search({"text": made.text, "limit": CUT})
    figures.queries += 1
    figures.recognised += made.means(on.get("understood") or {})
    for answer, wrong in ((off, figures.wrong_off), (on, figures.wrong_on)):
        if answer["hits"]:
            wrong.append(sum(map(made.wrong, answer["hits"])) / len(answer["hits"]))


def made_from(text: str, hits: Sequence[Answer], number: int) -> list[Made]:
    """At most one query per step; `number` chooses the wording."""
    if len(hits) < HITS_MIN:
        return []
    made = (
        _priced(text, hits, number),
        _negated(text, hits, number),
        _sized(text, hits, number),
        _branded(text, hits, number),
    )
    return [one for one in made if one is not None]


def _priced(text: str, hits: Sequence[Answer], number: int) -> Made | None:
    prices = sorted(price for hit in hits if (price := price_of(hit)) is not None)
    if len(prices) < HITS_MIN or prices[0] == prices[-1]:
        return None
    high, low = round(median(prices)) + 1, round(prices[len(prices) // 5])
    words = PRICE_WORDS[number % len(PRICE_WORDS)]
    currency = next(hit["offer"]["price"]["currency"] for hit in hits if price_of(hit) is not None)
    least = low if "{low}" in words else None
    if least is not None and least >= high:
        return None

    def means(understood: dict[str, Any]) -> bool:
        filters = understood.get("filters") or {}
        return (filters.get("price_min"), filters.get("price_max")) == (least, high)

    def wrong(hit: Answer) -> bool:
        price = price_of(hit)
        return price is None or price > high or price < (least or 0)

    return Made("prices", f"{text} {words.format(low=low, high=high, currency=currency)}", means, wrong)


def _negated(text: str, hits: Sequence[Answer], number: int) -> Made | None:
    counted = Counter(word for hit in hits for word in title_words(hit))
    asked = set(_WORD.findall(text.lower()))
    word = _common(counted, len(hits), lambda word: word not in asked and word not in _LITTLE)
    if word is None:
        return None
    words = NEGATION_WORDS[number % len(NEGATION_WORDS)].format(word=word)
    return Made(
        "negation",
        f"{text} {words}",
        lambda understood: understood.get("unwanted") == [word],
        lambda hit: word in title_words(hit),
    )


def _sized(text: str, hits: Sequence[Answer], number: int) -> Made | None:
    counted = Counter(size for hit in hits for size in sizes_of(hit))
    size = _common(counted, len(hits), lambda size: size[0] not in text)
    if size is None:
        return None
    said = f"{size[0]}{size[1].lower()}" if number % 2 else f"{size[0]} {size[1]}"

    def means(understood: dict[str, Any]) -> bool:
        return any(note["step"] == "units" and note["text"] == said for note in understood.get("notes", ()))

    return Made("units", f"{text} {said}", means, lambda hit: size not in sizes_of(hit))


def _branded(text: str, hits: Sequence[Answer], number: int) -> Made | None:
    counted = Counter(brand for hit in hits if (brand := brand_of(hit)))
    brand = _common(counted, len(hits), lambda brand: brand not in text.lower())
    if brand is None:
        return None

    def means(understood: dict[str, Any]) -> bool:
        return any(note["step"] == "brands" and note["text"] == brand for note in understood.get("notes", ()))

    return Made(
        "brands", f"{text} {brand}" if number % 2 else f"{brand} {text}", means, lambda hit: brand_of(hit) != brand
    )


def _common(counted: "Counter[Any]", total: int, fits: Callable[[Any], bool]) -> Any:
    """The most frequent of those that some have and some do not; of equals the first by name."""
    some = [(-count, one) for one, count in counted.items() if SHARE_MIN <= count / total <= SHARE_MAX and fits(one)]
    return min(some)[1] if some else None


def price_of(hit: Answer) -> float | None:
    price = (hit.get("offer") or {}).get("price")
    return None if price is None else float(price["amount"])


def brand_of(hit: Answer) -> str:
    """In lower case."""
    return (hit["content"].get("brand") or "").lower()


def title_words(hit: Answer) -> set[str]:
    """Of title and brand."""
    content = hit["content"]
    return set(_WORD.findall(f"{content['title']} {content.get('brand') or ''}".lower()))


def sizes_of(hit: Answer) -> set[tuple[str, str]]:
    return {(number, unit) for number, unit in _SIZE.findall(hit["content"]["title"])}


def _overlap(one: Sequence[Answer], other: Sequence[Answer]) -> float:
    both = {hit["sku"] for hit in one} & {hit["sku"] for hit in other}
    return len(both) / max(1, len(one))


def _share(values: Sequence[float]) -> float | None:
    return round(sum(values) / len(values), 4) if values else None
