"""The words of a shard's products as they are written, and which of them are spelt like a word that nobody knows.

Each word is a document of a small index in memory, so that tantivy walks its dictionary of terms by the automaton of a
misspelt word: no table of all misspellings is kept (docs/adr/0017). Words are learned as products come; those that no
product holds any more are left out by whoever asks how many do.
"""

import re
from collections.abc import Iterable
from typing import Final

import tantivy
from tantivy import Query

from schemas.folding import folded

WORD_CHARS_MIN: Final = 3
WORD_CHARS_MAX: Final = 30
WORDS_MAX: Final = 300_000
"""Words that are learned, some 100 bytes each; later ones are found as ever, but nothing is corrected to them."""
FAR_CHARS_MIN: Final = 5
"""Shorter words may differ in one place, others in two."""
NEAR_MAX: Final = 48
"""Words spelt like one."""
HEAP_BYTES: Final = 15_000_000
_WORD: Final = re.compile(rf"(?<!\w)[^\W\d_]{{{WORD_CHARS_MIN},{WORD_CHARS_MAX}}}(?!\w)")


def written(text: str) -> set[str]:
    """The words of a text that are made of letters alone, in lower case: what else there is is spelt in no way."""
    return set(_WORD.findall(text.lower()))


class Vocabulary:
    """One thread learns, any thread asks."""

    def __init__(self) -> None:
        self._index = tantivy.Index(_SCHEMA)
        self._index.config_reader("manual")
        self._writer: tantivy.IndexWriter | None = None
        """Made for the first words and kept: each new one would leave the memory of its thread behind."""
        self._words: list[str] = []
        self._known: set[str] = set()
        self._searcher = self._index.searcher()

    def __len__(self) -> int:
        return len(self._words)

    def learn(self, words: Iterable[str]) -> None:
        """Makes words that are new findable; of those that are equally near the first come first. Blocking, some ms
        where there are any."""
        new = [word for word in dict.fromkeys(words) if word not in self._known][: WORDS_MAX - len(self._words)]
        if not new:
            return
        if self._writer is None:
            self._writer = self._index.writer(heap_size=HEAP_BYTES, num_threads=1)
        for number, word in enumerate(new, len(self._words)):
            document = tantivy.Document()
            document.add_text("word", folded(word))
            document.add_unsigned("number", number)
            self._writer.add_document(document)
        self._words += new  # before they can be found
        self._known.update(new)
        self._writer.commit()
        self._index.reload()
        self._searcher = self._index.searcher()

    def close(self) -> None:
        """Waits for merges under way."""
        if self._writer is not None:
            self._writer.wait_merging_threads()

    def near(self, word: str) -> list[str]:
        """Words that differ from it in one or two letters, accents aside, the nearer first, at most NEAR_MAX; two that
        changed places differ once. `word`: folded."""
        searcher = self._searcher
        found: dict[str, None] = {}
        for far in (1, 2) if len(word) >= FAR_CHARS_MIN else (1,):
            query = Query.fuzzy_term_query(_SCHEMA, "word", word, distance=far, transposition_cost_one=True)
            hits = searcher.search(query, NEAR_MAX, count=False).hits
            numbers = searcher.fast_field_values("number", [place for _, place in hits])
            found |= dict.fromkeys(self._words[int(number or 0)] for number in numbers)
        return list(found)[:NEAR_MAX]


def _schema() -> tantivy.Schema:
    built = tantivy.SchemaBuilder()
    built.add_text_field("word", tokenizer_name="raw", index_option="basic")
    built.add_unsigned_field("number", fast=True)
    return built.build()


_SCHEMA: Final = _schema()
