"""Brands, categories and attribute values in a query, as the catalogue itself calls them: "sony headphones".

A value is recognised where the query has all of its words side by side, whatever their case, plurals aside. It asks for
nothing: products that have it come earlier. So nothing is lost where a brand is a word of its own, too.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple

from schemas.catalogue_values import WANTED_MAX, CatalogueValues
from schemas.filters import Filters
from serving.understanding.tokens import Token, tokens_of

VALUE_WORDS_MAX: Final = 5
"""Longer values are descriptions: nobody types them."""
PLURAL_CHARS_MIN: Final = 4
"""A final s of shorter words is no plural: "gas", "ups"."""

Kind = Literal["brands", "categories", "attributes"]


class Value(NamedTuple):
    """Something that products have."""

    kind: Kind
    attribute: str
    """Its name; empty for brands and categories."""
    name: str
    """As the catalogue writes it; of a category the whole path."""
    products: int
    filters: Filters
    """What lets just the products pass that have it."""


class Recognised(NamedTuple):
    """Part of a query, tokens from `first` to before `after`, and the values that it may mean."""

    first: int
    after: int
    values: tuple[Value, ...]
    """All of one kind, the most frequent first."""

    @property
    def kind(self) -> Kind:
        return self.values[0].kind

    @property
    def filters(self) -> Filters:
        """Any of them."""
        every = [value.filters for value in self.values]
        return every[0] if len(every) == 1 else Filters(any=every)


@dataclass(frozen=True)
class Vocabulary:
    """The values of a catalogue by their words. Immutable: the next one replaces it."""

    by_words: Mapping[tuple[str, ...], tuple[Value, ...]] = field(default_factory=dict)
    longest: int = 0
    """Words of the longest value."""


NO_VOCABULARY: Final = Vocabulary()
ALTERNATIVES_MAX: Final = 10
"""Values of one kind that one word may mean: categories of the same name, say."""


def learned(answers: Iterable[CatalogueValues]) -> Vocabulary:
    """Of the partitions of a catalogue together."""
    counted: dict[tuple[Kind, str, tuple[str, ...]], int] = {}
    for answer in answers:
        told: list[tuple[tuple[Kind, str, tuple[str, ...]], int]] = [
            *((("brands", "", (one.value,)), one.products) for one in answer.brands),
            *((("categories", "", tuple(one.path)), one.products) for one in answer.categories),
            *(
                (("attributes", name, (one.value,)), one.products)
                for name, values in answer.attributes.items()
                for one in values
            ),
        ]
        for value, products in told:
            counted[value] = counted.get(value, 0) + products
    by_words: dict[tuple[str, ...], list[Value]] = {}
    for (kind, attribute, path), products in sorted(counted.items(), key=lambda one: (-one[1], one[0])):
        words = words_of(path[-1])
        if words:
            by_words.setdefault(words, []).append(_value(kind, attribute, path, products))
    return Vocabulary({words: tuple(values) for words, values in by_words.items()}, max(map(len, by_words), default=0))


def words_of(value: str) -> tuple[str, ...]:
    """By which a value is found; (): by none, because it is a number, one letter or a whole description."""
    words = tuple(singular(token.text) for token in tokens_of(value) if token.is_word or token.is_number)
    says = any(len(word) > 1 and word[0].isalpha() for word in words)
    return words if says and len(words) <= VALUE_WORDS_MAX else ()


def singular(word: str) -> str:
    """Without the plural's s; the same for query and value, so that a wrong guess does not matter."""
    plural = len(word) >= PLURAL_CHARS_MIN and word.endswith("s") and not word.endswith("ss")
    return word[:-1] if plural else word


def find_values(
    tokens: Sequence[Token], vocabulary: Vocabulary, kinds: frozenset[str], taken: frozenset[int] = frozenset()
) -> list[Recognised]:
    """From left to right, not overlapping, the longest first, at most WANTED_MAX. `taken`: tokens that mean something
    else. Of one place a brand is meant rather than a category, and that rather than an attribute."""
    words = [(at, singular(token.text)) for at, token in enumerate(tokens) if token.is_word or token.is_number]
    found: list[Recognised] = []
    start = 0
    while start < len(words) and len(found) < WANTED_MAX:
        one = _longest(words, start, vocabulary, kinds, taken)
        if one is None:
            start += 1
            continue
        found.append(one)
        start += sum(one.first <= at < one.after for at, _ in words)
    return found


def _longest(
    words: Sequence[tuple[int, str]], start: int, vocabulary: Vocabulary, kinds: frozenset[str], taken: frozenset[int]
) -> Recognised | None:
    for count in range(min(vocabulary.longest, len(words) - start), 0, -1):
        part = words[start : start + count]
        if taken.intersection(at for at, _ in part):
            continue
        values = vocabulary.by_words.get(tuple(word for _, word in part), ())
        for kind in ("brands", "categories", "attributes"):
            of_kind = tuple(value for value in values if value.kind == kind and kind in kinds)[:ALTERNATIVES_MAX]
            if of_kind:
                return Recognised(part[0][0], part[-1][0] + 1, of_kind)
    return None


def meant(recognised: Recognised) -> str:
    """In words."""
    first = recognised.values[0]
    named = f"{first.attribute or {'brands': 'brand', 'categories': 'category'}[first.kind]} {first.name}"
    others = len(recognised.values) - 1
    return f"{named} comes earlier" if not others else f"{named}, or {others} more of that name, come earlier"


def _value(kind: Kind, attribute: str, path: tuple[str, ...], products: int) -> Value:
    if kind == "brands":
        return Value(kind, "", path[0], products, Filters(brand=[path[0]]))
    if kind == "categories":
        return Value(kind, "", " > ".join(path), products, Filters(category=[list(path)]))
    return Value(kind, attribute, path[0], products, Filters(attributes={attribute: [path[0]]}))
