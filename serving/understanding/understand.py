"""What a query means beside its words: the text that is left, a price, sizes, what is not wanted, what is named."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from schemas.filters import NO_FILTERS, Filters
from schemas.search import UNDERSTAND_STEPS, UnderstandNote, UnderstandStep
from schemas.wishes import NO_WISHES, UNWANTED_MAX, Wishes
from serving.understanding.catalogue import NO_VOCABULARY, Recognised, Vocabulary, find_values, meant
from serving.understanding.languages import DEFAULT, Language
from serving.understanding.negation import Negated, find_negated
from serving.understanding.price_filter import narrowed, price_filter, price_words
from serving.understanding.prices import Price, find_prices
from serving.understanding.sizes import Sized, find_sizes, wished
from serving.understanding.tokens import Token, tokens_of, without

PASSES_MAX: Final = 4
"""Taking a phrase out may bring two others together; then the text is read again, so often at most."""
TOKENS_MAX: Final = 100
"""Words and signs that are read; a query that is longer is searched whole, but what comes later names no price."""
ALL: Final = frozenset(UNDERSTAND_STEPS)


@dataclass(frozen=True)
class Understood:
    """A query, taken apart."""

    asked: str
    """The query without surplus white space; the places in the notes are places in it."""
    meaning: str
    """What is embedded."""
    price: Filters = NO_FILTERS
    """What the query says of the price."""
    wishes: Wishes = NO_WISHES
    notes: tuple[UnderstandNote, ...] = ()
    wanted: tuple[Filters, ...] = ()
    """What the query names of the catalogue: products that would pass these come earlier."""
    words: str | None = None
    """What is looked up by words; None: the same as the meaning."""
    language: str = DEFAULT
    """In which it was read."""

    @property
    def looked_up(self) -> str:
        return self.meaning if self.words is None else self.words

    def filters(self, asked: Filters) -> Filters:
        """With the price; the request's own filters count where both cannot hold."""
        return narrowed(asked, self.price)


@dataclass(frozen=True)
class _Read:
    """One reading of a text."""

    text: str
    tokens: Sequence[Token]
    prices: Sequence[Price] = ()
    negated: Sequence[Negated] = ()
    sizes: Sequence[Sized] = ()
    values: Sequence[Recognised] = ()

    def left(self, with_negated: bool = False) -> str:
        """The text without what it says of prices and, unless they are to stay, of what is not wanted."""
        parts = [*self.prices, *(() if with_negated else (one for one in self.negated if one.leaves))]
        spans = [(self.tokens[part.first].start, self.tokens[part.after - 1].end) for part in parts]
        return without(self.text, spans) if spans else self.text


def understand(
    query: str,
    said: Language,
    steps: frozenset[UnderstandStep] = ALL,
    currencies: frozenset[str] = frozenset(),
    vocabulary: Vocabulary = NO_VOCABULARY,
) -> Understood:
    """Pure; never raises. `currencies` and `vocabulary`: those of the catalogue, none when they are not known."""
    text = " ".join(query.split())
    first = read = _read(text, said, steps, currencies, vocabulary)
    prices, unwanted = [*read.prices], [*read.negated]
    left = read.left()
    for _ in range(PASSES_MAX - 1):
        if left == read.text:
            break
        read = _read(left, said, steps, currencies)
        prices += read.prices
        unwanted += read.negated
        left = read.left()
    if not _says_something(left):
        left = first.left(with_negated=True)  # "without sugar" alone is better searched than nothing
    phrases = list(dict.fromkeys(one.phrase for one in unwanted if one.phrase))[:UNWANTED_MAX]
    wishes = Wishes(
        unwanted=phrases,
        before=list(said.mention.before) if phrases else [],
        after=list(said.mention.after) if phrases else [],
        sizes=wished(first.sizes),
    )
    notes = tuple(sorted(_notes(first, currencies), key=lambda note: (note.start, note.end)))
    wanted = tuple(one.filters for one in first.values)
    meaning = left if _says_something(left) else ""
    return Understood(text, meaning, price_filter(prices, currencies), wishes, notes, wanted, language=said.code)


def _says_something(text: str) -> bool:
    return any(char.isalnum() for char in text)


def _read(
    text: str,
    said: Language,
    steps: frozenset[UnderstandStep],
    currencies: frozenset[str],
    vocabulary: Vocabulary = NO_VOCABULARY,
) -> _Read:
    if not steps:
        return _Read(text, ())
    tokens = tokens_of(text)[:TOKENS_MAX]
    sizes = find_sizes(tokens, text, said.decimal)
    sized = frozenset(at for one in sizes for at in range(one.first, one.after))
    prices = find_prices(tokens, said, sized, currencies) if "prices" in steps else []
    taken = frozenset(at for price in prices for at in range(price.first, price.after))
    negated = find_negated(tokens, said.negation, taken) if "negation" in steps else []
    taken |= {at for one in negated if one.leaves for at in range(one.first, one.after)}
    wanted = [one for one in sizes if not taken & {*range(one.first, one.after)}] if "units" in steps else []
    values = find_values(tokens, vocabulary, frozenset(steps), taken | sized)
    return _Read(text, tokens, prices, negated, wanted, values)


def _notes(read: _Read, currencies: frozenset[str]) -> list[UnderstandNote]:
    def note(step: UnderstandStep, part: Price | Negated | Sized | Recognised, means: str) -> UnderstandNote:
        start, end = read.tokens[part.first].start, read.tokens[part.after - 1].end
        return UnderstandNote(step=step, text=read.text[start:end], start=start, end=end, means=means)

    return [
        *(note("prices", price, price_words(price, currencies)) for price in read.prices),
        *(note("negation", one, f"not {one.phrase}" if one.phrase else "a matter of degree") for one in read.negated),
        *(note("units", one, _written(one)) for one in read.sizes),
        *(note(one.kind, one, meant(one)) for one in read.values),
    ]


def _written(one: Sized) -> str:
    """The ways in which the size may be written, short."""
    ways = [" x ".join(way.numbers) + (f" {way.units[0]}" if way.units else "") for way in one.size.spellings]
    return ", ".join(dict.fromkeys(ways))
