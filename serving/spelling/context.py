"""How well a word goes with the rest of a query: of words that are spelt alike the one that does is likelier meant.

*Door licks* are locks rather than kicks: the encoder puts *locks* nearer to *door*. So what speaks for a word rises
with its cosine with the rest, against that of what was typed (docs/adr/0028).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from schemas.folding import WORD, folded
from schemas.spelling import Doubt

CLOSE: Final = 12.0
"""Log-odds for a cosine with the rest that is greater by 1."""


@dataclass(frozen=True)
class Context:
    """How near words are to the rest of one query: cosines with all of it and with single words of it, as
    `looking_around.py` weighs them."""

    near: Mapping[str, float] = field(default_factory=dict)

    def worth(self, typed: str, instead: str) -> float:
        """Log-odds, 0 where nothing is known; minus infinity for what was not looked at beside likelier ones that
        were."""
        if typed not in self.near:
            return 0.0
        return CLOSE * (self.near[instead] - self.near[typed]) if instead in self.near else float("-inf")


NO_CONTEXT: Final = Context()


def rest(text: str, doubts: Sequence[Doubt]) -> str:
    """What a query says without its doubtful words; empty: nothing."""
    doubted = {doubt.word for doubt in doubts}
    left = WORD.sub(lambda found: " " if folded(found[0]) in doubted else found[0], text)
    return " ".join(left.split()) if any(char.isalnum() for char in left) else ""
