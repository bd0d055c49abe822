"""What whoever asks may do: found from the key before a route begins, and kept with the request."""

from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network
from typing import Final, Literal

from aiohttp import web

from schemas.filters import Filters
from schemas.keys import SCOPES, Scope

Need = Literal["public", "any", "search", "events", "ingest", "admin"]
"""What a route asks for. `public`: nothing; `any`: whatever may be done at all, by a key that sees all products."""


@dataclass(frozen=True)
class Grant:
    """`who`: the id of a key, or what there is instead of one; it may be logged."""

    who: str
    scopes: frozenset[Scope]
    forced: tuple[Filters, ...] = ()
    """Filters that each answer passes, whatever is asked."""
    rate_per_s: float | None = None
    referers: tuple[str, ...] = ()
    indices: tuple[str, ...] | None = None
    """Which of InstantSearch's indexes it may name, `*` at the end stands for anything; None: all."""
    sources: tuple[IPv4Network | IPv6Network, ...] | None = None
    """Networks from which it may be used; None: all."""

    @property
    def limited(self) -> bool:
        """Whether there are products that must not be seen."""
        return bool(self.forced)

    @property
    def administers(self) -> bool:
        return "admin" in self.scopes

    def names(self, index: str) -> bool:
        """Whether it may ask this index."""
        return self.indices is None or any(
            index.startswith(one[:-1]) if one.endswith("*") else index == one for one in self.indices
        )

    def allows(self, need: Need) -> bool:
        return need == "public" or self.administers or (bool(self.scopes) if need == "any" else need in self.scopes)


GRANT: Final = web.RequestKey("grant", Grant)
ADMIN_KEY: Final = "admin_key"
NOBODY: Final = "nobody"
EVERYTHING: Final = frozenset(SCOPES)
SHOPPING: Final[frozenset[Scope]] = frozenset(("search", "events"))
