"""Words of a query that no product holds, and words that are spelt like them: what shards tell, and what is told."""

from typing import Final

from schemas.strict import Strict

DOUBTS_MAX: Final = 6
"""Words of a query that are looked up; more are no slip of the fingers."""
RARE_MAX: Final = 5
"""Products of a partition: a word that so few hold, or fewer, may be a mistake of theirs, and another one be meant."""
NEAR_MAX: Final = 8
"""Words that a shard names for each, the likeliest."""


class Candidate(Strict):
    """What a word may have been meant to be."""

    text: str
    """One word, or the two that were written as one."""
    cost: float
    """See `schemas.edits.edit_cost`."""
    holding: int
    """Products that hold it: for two words those that hold both."""
    together: int
    """Of these the ones that hold another word of the query too."""


class Doubt(Strict):
    """A word that no product of one partition holds as it stands there, or few."""

    word: str
    """As the index takes it: in lower case, without accents."""
    candidates: list[Candidate]
    """At most NEAR_MAX of each partition."""
    beginning: int = 0
    """Products that hold the most frequent word that begins like it: it may not be finished."""
    form: bool = False
    """Whether it has the stem of words that products hold: it may be another form of them."""
    holding: int = 0
    """Products that hold it as it is, at most RARE_MAX of each partition: it is not changed."""


class CorrectedWord(Strict):
    """One word that was searched as another one."""

    typed: str
    instead: str


class Corrected(Strict):
    """What was searched instead of a query with misspelt words."""

    text: str
    original: str
    """What was typed: `"typos": false` searches it as it is."""
    words: list[CorrectedWord]


class Sense(Strict):
    """One of the things that a query may mean."""

    text: str
    weight: float
    """How likely it is: those of a query add up to 1."""


class DidYouMean(Strict):
    """What else may be meant by a query, and would find many more products."""

    text: str
    words: list[CorrectedWord]
