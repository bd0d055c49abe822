"""What all partitions together say of the words that they do not know."""

from collections.abc import Iterable, Sequence

from schemas.spelling import Candidate, Doubt


def agreed(told: Sequence[Sequence[Doubt]]) -> list[Doubt]:
    """Words that none of the partitions knows well, in the order of the first one's, each with the candidates of all.

    `told`: by partition, of those that answered: a word that any of them knows well is no mistake.
    """
    by_word = [{doubt.word: doubt for doubt in doubts} for doubts in told]
    first = by_word[0] if by_word else {}
    return [
        Doubt(
            word=word,
            candidates=_together(candidate for doubts in by_word for candidate in doubts[word].candidates),
            beginning=sum(doubts[word].beginning for doubts in by_word),
            form=any(doubts[word].form for doubts in by_word),
            holding=sum(doubts[word].holding for doubts in by_word),
        )
        for word in first
        if all(word in doubts for doubts in by_word)
    ]


def _together(candidates: Iterable[Candidate]) -> list[Candidate]:
    """Each text once, with the products of all partitions."""
    found: dict[str, Candidate] = {}
    for one in candidates:
        before = found.get(one.text)
        holding, together = (before.holding, before.together) if before else (0, 0)
        counts = {"holding": one.holding + holding, "together": one.together + together}
        found[one.text] = one.model_copy(update=counts)
    return list(found.values())
