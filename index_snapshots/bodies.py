"""What is shown of each product, by slot: a tree of small lists, of which a change copies one path.

A list of thousands would be copied nearly as fast by itself, but each copy touches every body for its count of
references, and they lie all over the memory: that took a seventh of an upsert's time.
"""

from collections.abc import Sequence
from typing import Final

Body = bytes | None
FAN_OUT: Final = 64
"""Bodies of a leaf, and leaves of a branch."""

Leaf = list[Body]
Branch = list[Leaf]


class FrozenBodies:
    """The bodies at one point in time. Immutable."""

    def __init__(self, branches: tuple[Branch, ...]) -> None:
        self.branches = branches

    def __getitem__(self, slot: int) -> bytes:
        """JSON of the content of a slot that has a live document."""
        return _body(self.branches, slot)

    @classmethod
    def of(cls, bodies: Sequence[Body]) -> "FrozenBodies":
        """One for each slot, (n,)."""
        size = FAN_OUT * FAN_OUT
        return cls(tuple(_branch(bodies[start : start + size]) for start in range(0, len(bodies), size)))


class Bodies:
    """The writer's bodies. One thread only."""

    def __init__(self) -> None:
        self._branches: list[Branch] = []
        self._own: set[int] = set()
        """Leaves that no frozen copy has, nor the branches above them."""
        self._own_branches: set[int] = set()
        self._frozen: FrozenBodies | None = None

    def __getitem__(self, slot: int) -> bytes:
        return _body(self._branches, slot)

    def put(self, slot: int, body: Body) -> None:
        leaf = slot // FAN_OUT
        if leaf not in self._own:
            self._take(leaf)
        self._branches[leaf // FAN_OUT][leaf % FAN_OUT][slot % FAN_OUT] = body
        self._frozen = None

    def _take(self, leaf: int) -> None:
        """Makes a leaf and what leads to it the writer's own."""
        at = leaf // FAN_OUT
        while at >= len(self._branches):
            self._own_branches.add(len(self._branches))
            self._branches.append([[None] * FAN_OUT for _ in range(FAN_OUT)])
        if at not in self._own_branches:
            self._branches[at] = self._branches[at].copy()
            self._own_branches.add(at)
        branch = self._branches[at]
        branch[leaf % FAN_OUT] = branch[leaf % FAN_OUT].copy()
        self._own.add(leaf)

    def thaw(self, frozen: FrozenBodies) -> None:
        """Goes on from a frozen copy; what is changed is copied first."""
        self._branches = list(frozen.branches)
        self._own.clear()
        self._own_branches.clear()
        self._frozen = frozen

    def freeze(self) -> FrozenBodies:
        if self._frozen is None:
            self._own.clear()
            self._own_branches.clear()
            self._frozen = FrozenBodies(tuple(self._branches))
        return self._frozen


def _branch(bodies: Sequence[Body]) -> Branch:
    padded = [*bodies, *([None] * (FAN_OUT * FAN_OUT - len(bodies)))]
    return [padded[start : start + FAN_OUT] for start in range(0, len(padded), FAN_OUT)]


def _body(branches: Sequence[Branch], slot: int) -> bytes:
    leaf = slot // FAN_OUT
    body = branches[leaf // FAN_OUT][leaf % FAN_OUT][slot % FAN_OUT]
    assert body is not None, "a slot without a live document has no body"
    return body
