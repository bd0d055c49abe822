"""How the words of a query are taken by the shards, beside what they are."""

from dataclasses import dataclass, replace
from typing import Final, Protocol

from schemas.ways import OtherWays


class Others(Protocol):
    def of(self, text: str) -> list[OtherWays]: ...


@dataclass(frozen=True)
class Wording:
    joining: bool = False
    """Whether neighbours may be one word, and one word two."""
    doubting: bool = False
    """Whether the shards tell which words they do not know."""
    synonyms: Others | None = None
    dropping: bool = False
    """Whether the shards tell, where too few products hold all of them, how many hold fewer."""

    def others(self, text: str) -> list[OtherWays]:
        return self.synonyms.of(text) if self.synonyms is not None else []

    def settled(self) -> "Wording":
        """For words that have been put right."""
        return replace(self, doubting=False)


AS_TYPED: Final = Wording()
