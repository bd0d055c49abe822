"""The index of words of one shard: with `vocabulary.py` all that knows tantivy. One thread writes, any thread searches.

Each product has a slot, which is its own for the life of the shard, and the number of its row, which says which version
of it this is (`vectors.py`). What is found is as of the last commit: whoever asks checks it against a view.
"""

from collections.abc import Iterable, Sequence
from math import log
from pathlib import Path
from string import ascii_lowercase, digits
from typing import Any, Final, NamedTuple

import numpy as np
import tantivy
from tantivy import Filter, Occur, Order, Query, TextAnalyzer, TextAnalyzerBuilder, Tokenizer

from index_snapshots.answers_kept import AnswersKept
from index_snapshots.compounds import Others, apart_and_together
from index_snapshots.names import slips
from index_snapshots.places_kept import Places, PlacesKept
from index_snapshots.vocabulary import Vocabulary, written
from index_snapshots.word_text import CODE_CHARS_MAX, CODE_CHARS_MIN, Spoken, as_code, has_digit, in_pairs

LOCALES: Final = {
    "en": "english",
    "de": "german",
    "fr": "french",
    "es": "spanish",
    "it": "italian",
    "nl": "dutch",
    "pt": "portuguese",
}
"""Languages whose words are stemmed, and whose stop words are left out."""
PLAIN: Final = "plain"
"""Any other language: words as they are."""
WRITTEN: Final = "written"
"""Words with their accents."""
DEFAULT_LOCALE: Final = "en"
"""Of a product without one."""
ATTRIBUTES_WEIGHT: Final = 0.3
HOLDS_WEIGHT: Final = 3.0
"""What it counts that a product holds a word at all, in units of the word's rarity (idf); how often it does, and how
short the text is, counts at most 2.2. So products that hold more of the words come first (docs/adr/0015)."""
PREFIX_WEIGHT: Final = 0.5
"""Of a word that only begins like the last one of the query."""
PREFIX_TERMS_MAX: Final = 16
PREFIX_CHARS_MIN: Final = 2
QUERY_WORDS_MAX: Final = 32
"""Words of a query that are looked up; the rest is left to its meaning."""
CODE_PARTS_MAX: Final = 3
"""A code may be typed with so many parts between spaces."""
WORD_CHARS_MAX: Final = 60
SIGNS: Final = ascii_lowercase + digits
"""What a slip may have left out or changed."""
OTHER_WEIGHT: Final = 0.8
"""Of another way to say a word: what holds the word itself comes first."""
HEAP_BYTES: Final = 15_000_000
"""Of the writer, the least that tantivy takes: about 100,000 products between two commits."""

Stems = dict[str, None]
"""Terms in the order they were found."""
Terms = tuple[tuple[str, str], ...]
"""(locale, term) in the index: forms of one word."""
Way = tuple[Terms, ...]
"""Words that all must be held."""


class Found(NamedTuple):
    """Rows best first, equal ones by number, the slots of their products, and their scores."""

    rows: list[int]
    slots: list[int]
    scores: list[float]


class Wanted(NamedTuple):
    """A query as the index understands it."""

    words: tuple["Word", ...]
    codes: tuple[str, ...]
    """Codes of products that it names."""


class Word(NamedTuple):
    text: str
    stems: Terms
    beginnings: Terms
    """Terms that only begin like it."""
    others: tuple[Way, ...]
    """Other ways to say it, or it and its neighbours: what holds one of them holds the word."""
    rarity: float
    """Its idf: ln(1 + (n - df + 0.5) / (df + 0.5))."""
    known: bool
    """Whether any product holds it."""


class WordIndex:
    """Below `folder`, which must be empty or hold such an index. Raises OSError or ValueError where it does not."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._index = tantivy.Index(_SCHEMA, path=str(folder))
        for locale, analyzer in ANALYZERS.items():
            self._index.register_tokenizer(_tokenizer(locale), analyzer)
        self._index.register_tokenizer(_tokenizer(WRITTEN), _as_written())
        self._index.config_reader("manual")
        self._writer = self._index.writer(heap_size=HEAP_BYTES, num_threads=1)
        self._vocabulary = Vocabulary()
        self._new_words: set[str] = set()
        self._vocabulary.learn(term for term, _ in self._index.searcher().terms_with_prefix("written", ""))
        self.now = self._reloaded()
        """As of the last commit."""

    def put(self, row: int, slot: int, spoken: Spoken) -> None:
        """An older row of the slot must have been removed."""
        locale = locale_of(spoken.locale)
        document = tantivy.Document()
        document.add_unsigned("row", row)
        document.add_unsigned("slot", slot)
        document.add_text("locale", locale)
        document.add_text(_text(locale), spoken.text)
        if spoken.attributes:
            document.add_text(_attributes(locale), spoken.attributes)
        document.add_text("codes", " ".join(spoken.codes))
        words = written(f"{spoken.text}\n{spoken.attributes}")
        document.add_text("written", " ".join(words))
        self._new_words |= words
        self._writer.add_document(document)

    def remove(self, slot: int) -> None:
        self._writer.delete_documents_by_query(Query.term_query(_SCHEMA, "slot", slot))  # by term it deletes nothing

    def commit(self, documents: int = 0) -> None:
        """Makes what was put and removed durable, then visible. Blocking, 40 ms; the interpreter is free meanwhile.

        `documents`: offset of that topic up to which all has been put."""
        self._writer.commit()
        self._vocabulary.learn(sorted(self._new_words))
        self._new_words.clear()
        self.now = self._reloaded(documents)

    def close(self) -> None:
        """Waits for merges under way; what was not committed is lost."""
        self._writer.rollback()
        self._writer.wait_merging_threads()
        self._vocabulary.close()

    def _reloaded(self, documents: int = 0) -> "Committed":
        self._index.reload()
        return Committed(self._index.searcher(), self._vocabulary, documents)


class Committed:
    """The index at one commit. Immutable, thread-safe."""

    def __init__(self, searcher: tantivy.Searcher, vocabulary: Vocabulary, documents: int = 0) -> None:
        self._searcher = searcher
        self.documents = documents
        """Offset of that topic up to which it holds all."""
        self._kept = PlacesKept()
        self._counts: AnswersKept[int] = AnswersKept()
        self._held: AnswersKept[int] = AnswersKept()
        self._near: AnswersKept[Sequence[str]] = AnswersKept()
        self._vocabulary = vocabulary
        self.products = searcher.num_docs
        self.locales = [locale for locale in (*LOCALES, PLAIN) if searcher.doc_freq("locale", locale)]

    def understand(
        self, text: str, *, typing: bool = False, others: Sequence[Others] = (), joining: bool = True
    ) -> Wanted:
        """`typing`: the last word may not be finished, even if it is one; `others`: what else may be said for words of
        the text; `joining`: two neighbours may be one word in the catalogue."""
        tokens = list(dict.fromkeys(ANALYZERS[PLAIN].analyze(in_pairs(text))))[:QUERY_WORDS_MAX]
        open_end = bool(text) and not text[-1].isspace()
        ways = self._ways_of(tokens, others, joining)
        words = [self._word(token, typing, open_end and token == tokens[-1], ways.get(token, ())) for token in tokens]
        codes = dict.fromkeys(code for code in possible_codes(text) if self._searcher.doc_freq("codes", code))
        return Wanted(tuple(word for word in words if word.stems), tuple(codes))

    def rows(self) -> Places:
        """Slots and rows of all that it holds, (2, n), in no order."""
        every = self._searcher.search(Query.all_query(), max(1, self.products), count=False).hits
        places = [place for _, place in every]
        return np.array([self._searcher.fast_field_values(field, places) for field in ("slot", "row")], np.int64)

    def best(self, wanted: Wanted, limit: int, among: Sequence[int] | None = None) -> Found:
        """`among`: only these slots."""
        query = _any(wanted)
        if query is None:
            return Found([], [], [])
        if among is not None:
            inside = Query.const_score_query(Query.term_set_query(_SCHEMA, "slot", among), 0.0)
            query = Query.boolean_query([(Occur.Must, query), (Occur.Must, inside)])
        hits = self._searcher.search(query, limit, count=False).hits
        places = [place for _, place in hits]
        rows, slots = self._numbers("row", places), self._numbers("slot", places)
        ranked = sorted(zip((-score for score, _ in hits), rows, slots, strict=True))
        return Found([row for _, row, _ in ranked], [slot for _, _, slot in ranked], [-score for score, _, _ in ranked])

    def _numbers(self, field: str, places: list[tantivy.DocAddress]) -> list[int]:
        return [int(number or 0) for number in self._searcher.fast_field_values(field, places)]

    def holding_all(self, wanted: Wanted) -> int:
        """How many products hold all of the words, or one of the codes."""
        query = _all(wanted)
        if query is None:
            return 0
        return self._count(query)

    def places_holding_all(self, wanted: Wanted) -> Places:
        """Slots and rows of these products, (2, n), ascending by slot: 0.2 us each, the first time."""
        query = _all(wanted)
        if query is None or not self.products:
            return np.empty((2, 0), np.int64)
        return self._kept.get(wanted, lambda: self._places_of(query))

    def _places_of(self, query: Query) -> Places:
        found = self._searcher.search(query, self.products, count=False, order_by_field="slot", order=Order.Asc).hits
        rows = self._numbers("row", [place for _, place in found])
        return np.array([[slot for slot, _ in found], rows], np.int64)

    def cover(self, wanted: Wanted, slot: int) -> float:
        """Which share of the words a product holds, by their rarity: 0..1."""
        total = sum(word.rarity for word in wanted.words)
        if not total:
            return 0.0
        held = [(Occur.Should, Query.const_score_query(_holds(word), word.rarity)) for word in wanted.words]
        this = Query.const_score_query(Query.term_query(_SCHEMA, "slot", slot), 0.0)
        hits = self._searcher.search(Query.boolean_query([(Occur.Must, this), *held]), 1, count=False).hits
        return float(hits[0][0]) / total if hits else 0.0

    def terms(self, token: str) -> Terms:
        """Of one word, in each language that there are products in; none where it is a stop word in all of them."""
        found = {(locale, stem): None for locale in self.locales for stem in ANALYZERS[locale].analyze(token)}
        return tuple(found)

    def holding(self, way: Way) -> int:
        """How many products hold all of these words, about; 0 for no words. Of one word at once, but products that went
        lately are counted too."""
        if len(way) <= 1:
            return max((self._holding(*term) for terms in way for term in terms), default=0)
        return self.counted(way)

    def written(self, word: str) -> bool:
        """Whether some product holds the word as it is written. It has no accents."""
        return bool(self._searcher.doc_freq("written", word))

    def counted(self, way: Way) -> int:
        """How many products hold all of these words. Where none holds one of them nothing is searched for."""
        known = bool(way) and all(any(self._holding(*term) for term in terms) for terms in way)
        return self._counts.get(way, lambda: self._count(_all_of(way, 1.0))) if known else 0

    def together(self, way: Way, others: Sequence[Terms]) -> int:
        """How many products hold all words of `way`, and one of `others`."""
        if not (way and others and all(way)):
            return 0

        def count() -> int:
            any_other = Query.boolean_query([(Occur.Should, _all_of((terms,), 1.0)) for terms in others])
            return self._count(Query.boolean_query([(Occur.Must, _all_of(way, 1.0)), (Occur.Must, any_other)]))

        return self._counts.get(("together", way, tuple(others)), count)

    def near(self, word: str) -> Sequence[str]:
        """See `Vocabulary.near`; words that come later may be among them, so whoever asks looks how many products hold
        them."""
        return self._near.get(word, lambda: self._vocabulary.near(word))

    def _count(self, query: Query) -> int:
        counted: Any = self._searcher.search(query, 1, count=True)  # the type stubs do not know of `count`
        return int(counted.count)

    def _ways_of(self, tokens: Sequence[str], others: Sequence[Others], joining: bool) -> dict[str, tuple[Way, ...]]:
        """By token other ways to say it that some product holds; what is guessed only where more do than hold what was
        typed, and so as it is usual in the catalogue."""
        found: dict[str, dict[Way, None]] = {}
        asked = [*((other, False) for other in others)]
        asked += [(other, True) for other in apart_and_together(tokens)] if joining else []
        for other, guessed in asked:
            if not set(tokens).issuperset(other.words):
                continue
            held = {way: count for way in map(self._way, other.ways) if (count := self.holding(way))}
            if not held:
                continue  # so it is with nearly all that is guessed: how many hold what was typed need not be counted
            least = self.holding(self._way(" ".join(other.words))) if guessed else 0
            if least and has_digit(other.words[0]):
                continue  # numbers are everywhere: what some product holds as it was typed is meant so
            for way, count in held.items():
                if count > least:
                    for word in other.words:
                        found.setdefault(word, {})[way] = None
        return {word: tuple(ways) for word, ways in found.items()}

    def _way(self, text: str) -> Way:
        """Its words but for stop words."""
        tokens = ANALYZERS[PLAIN].analyze(in_pairs(text))
        return tuple(terms for token in tokens if (terms := self.terms(token)))

    def _word(self, token: str, typing: bool, last: bool, others: tuple[Way, ...]) -> Word:
        pairs = dict.fromkeys(self.terms(token))
        stems: Stems = dict.fromkeys(stem for _, stem in pairs)
        known = max((self._holding(*pair) for pair in pairs), default=0)
        known = max(known, *(self.holding(way) for way in others)) if others else known
        beginnings: dict[tuple[str, str], None] = {}
        if last and pairs and (typing or not known) and len(token) >= PREFIX_CHARS_MIN:
            beginnings = dict.fromkeys(self._beginning(dict.fromkeys([token, *stems])))
        holding = known or max((self._holding(*pair) for pair in beginnings), default=0)
        holding = min(holding, self.products)  # what was removed counts until a merge drops it
        rarity = log(1 + (self.products - holding + 0.5) / (holding + 0.5))
        begin = tuple(one for one in beginnings if one not in pairs)
        return Word(token, tuple(pairs), begin, others, rarity, known > 0)

    def _beginning(self, starts: Iterable[str]) -> Iterable[tuple[str, str]]:
        """The most frequent terms that begin so."""
        found: dict[tuple[str, str], int] = {}
        for locale in self.locales:
            for start in starts:
                for term, count in self._searcher.terms_with_prefix(_text(locale), start):
                    found[locale, term] = count
        return sorted(found, key=lambda one: (-found[one], one))[:PREFIX_TERMS_MAX]

    def term_near(self, word: str) -> str | None:
        """The most frequent term that begins like the word but for one slip; up to 0.5 ms."""

        def beginning(start: str) -> list[tuple[str, int]]:
            fields = (_text(locale) for locale in self.locales)
            return [term for field in fields for term in self._searcher.terms_with_prefix(field, start)]

        found: dict[str, int] = {}
        for near in slips(word, SIGNS, lambda start: bool(beginning(start))):
            for term, count in beginning(near):
                found[term] = max(count, found.get(term, 0))
        return min(found, key=lambda term: (-found[term], term), default=None)

    def _holding(self, locale: str, stem: str) -> int:
        """How many products hold a term, at least. Asked several times for each word of a query."""
        fields = (_text(locale), _attributes(locale))
        return self._held.get((locale, stem), lambda: max(int(self._searcher.doc_freq(one, stem)) for one in fields))


def holds_any(wanted: Wanted, product: Spoken) -> bool:
    """Whether a product as it is indexed would be found."""
    codes = {term for code in product.codes for term in ANALYZERS[PLAIN].analyze(code)}
    if not codes.isdisjoint(wanted.codes):
        return True
    locale = locale_of(product.locale)
    held = {(locale, term) for text in (product.text, product.attributes) for term in ANALYZERS[locale].analyze(text)}
    return any(_held(word, held) for word in wanted.words)


def _held(word: Word, held: set[tuple[str, str]]) -> bool:
    if not held.isdisjoint((*word.stems, *word.beginnings)):
        return True
    return any(all(not held.isdisjoint(terms) for terms in way) for way in word.others)


def holds_all(wanted: Wanted, product: Spoken) -> bool:
    """Whether a product as it is indexed holds all of the words, or has one of the codes."""
    codes = {term for code in product.codes for term in ANALYZERS[PLAIN].analyze(code)}
    if not codes.isdisjoint(wanted.codes):
        return True
    locale = locale_of(product.locale)
    held = {(locale, term) for text in (product.text, product.attributes) for term in ANALYZERS[locale].analyze(text)}
    return bool(wanted.words) and all(_held(word, held) for word in wanted.words)


def locale_of(stated: str) -> str:
    """Which words a locale such as de-AT is indexed with."""
    language = stated.replace("_", "-").partition("-")[0].lower()
    return language if language in LOCALES else PLAIN if language else DEFAULT_LOCALE


def _any(wanted: Wanted) -> Query | None:
    """What holds any of the words or codes; a code counts more than all words together."""
    parts = [part for word in wanted.words for part in _scored(word)]
    if wanted.codes:
        codes = Query.term_set_query(_SCHEMA, "codes", list(wanted.codes))
        parts.append(Query.const_score_query(codes, _code_score(wanted)))
    return Query.boolean_query([(Occur.Should, part) for part in parts]) if parts else None


def by_code(wanted: Wanted, score: float) -> bool:
    """Whether a product of this score has a code that the query names."""
    return bool(wanted.codes) and score >= _code_score(wanted) - 1e-3  # the index adds up in float32


def _code_score(wanted: Wanted) -> float:
    return 1.0 + sum(word.rarity * (HOLDS_WEIGHT + 2.2) for word in wanted.words)


def _all(wanted: Wanted) -> Query | None:
    """What holds all of the words, or one of the codes; None: there are neither."""
    every = [(Occur.Must, _holds(word)) for word in wanted.words]
    ways = [Query.boolean_query(every)] if every else []
    ways += [Query.term_query(_SCHEMA, "codes", code, "basic") for code in wanted.codes]
    return Query.boolean_query([(Occur.Should, way) for way in ways]) if ways else None


def _scored(word: Word) -> list[Query]:
    """That a product holds the word, and how prominently."""
    holds, worth = _holds(word), word.rarity * HOLDS_WEIGHT
    if not word.others:
        return [holds, Query.const_score_query(holds, worth)]
    typed = Query.disjunction_max_query(_typed(word), 0.0)
    ways = [Query.const_score_query(typed, worth), Query.const_score_query(holds, worth * OTHER_WEIGHT)]
    return [holds, Query.disjunction_max_query(ways, 0.0)]


def _holds(word: Word) -> Query:
    others = [_all_of(other, OTHER_WEIGHT) for other in word.others]
    return Query.disjunction_max_query([*_typed(word), *others], 0.0)


def _typed(word: Word) -> list[Query]:
    ways = [way for locale, stem in word.stems for way in _ways(locale, stem, 1.0)]
    return ways + [way for locale, stem in word.beginnings for way in _ways(locale, stem, PREFIX_WEIGHT)]


def _all_of(way: Way, weight: float) -> Query:
    """What holds every word of it, in any of its forms."""
    held = [
        Query.disjunction_max_query([one for locale, stem in terms for one in _ways(locale, stem, weight)], 0.0)
        for terms in way
    ]
    return held[0] if len(held) == 1 else Query.boolean_query([(Occur.Must, one) for one in held])


def _ways(locale: str, stem: str, weight: float) -> list[Query]:
    text = Query.term_query(_SCHEMA, _text(locale), stem, "freq")
    attributes = Query.term_query(_SCHEMA, _attributes(locale), stem, "freq")
    return [
        text if weight == 1.0 else Query.boost_query(text, weight),
        Query.boost_query(attributes, weight * ATTRIBUTES_WEIGHT),
    ]


def possible_codes(text: str) -> Iterable[str]:
    """What could be a code of a product: up to three neighbours without the spaces between them."""
    chunks = text.split()[:QUERY_WORDS_MAX]
    for size in range(1, CODE_PARTS_MAX + 1):
        for at in range(len(chunks) - size + 1):
            code = as_code("".join(chunks[at : at + size]))
            whole = size == len(chunks)  # a SKU may do without digits
            if CODE_CHARS_MIN <= len(code) <= CODE_CHARS_MAX and (whole or has_digit(code)):
                yield code


def _text(locale: str) -> str:
    return f"text_{locale}"


def _attributes(locale: str) -> str:
    return f"attributes_{locale}"


def _tokenizer(locale: str) -> str:
    return f"words_{locale}"


def _analyzer(language: str | None) -> TextAnalyzer:
    """Accents go after the stop words, which have them, and before the stemmer: many shoppers do not type them."""
    built = (
        TextAnalyzerBuilder(Tokenizer.simple()).filter(Filter.remove_long(WORD_CHARS_MAX)).filter(Filter.lowercase())
    )
    if language:
        built = built.filter(Filter.stopword(language))
    built = built.filter(Filter.ascii_fold())
    return (built.filter(Filter.stemmer(language)) if language else built).build()


def _as_written() -> TextAnalyzer:
    return TextAnalyzerBuilder(Tokenizer.simple()).filter(Filter.lowercase()).build()


def _schema() -> tantivy.Schema:
    built = tantivy.SchemaBuilder()
    for locale in (*LOCALES, PLAIN):
        for field in (_text(locale), _attributes(locale)):
            built.add_text_field(field, tokenizer_name=_tokenizer(locale), index_option="freq")
    built.add_text_field("written", tokenizer_name=_tokenizer(WRITTEN), index_option="basic")
    built.add_text_field("codes", tokenizer_name=_tokenizer(PLAIN), index_option="basic")
    built.add_text_field("locale", tokenizer_name="raw", index_option="basic")
    built.add_unsigned_field("row", fast=True)
    built.add_unsigned_field("slot", indexed=True, fast=True)
    return built.build()


ANALYZERS: Final = {**{locale: _analyzer(language) for locale, language in LOCALES.items()}, PLAIN: _analyzer(None)}
_SCHEMA: Final = _schema()
