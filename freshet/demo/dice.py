"""Draws that are the same on every machine and Python: `random` may change its ways between versions, hashes do not."""

import hashlib
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")
SEED = "freshet-demo-1"
"""Another seed, or any change of the words, makes another catalogue: then shops reset their demo."""


class Dice:
    """A stream of draws that depends on `name` only."""

    def __init__(self, *name: object, seed: str = SEED) -> None:
        self._name = "/".join(map(str, (seed, *name))).encode()
        self._drawn = 0

    def below(self, count: int) -> int:
        """A whole number 0..count-1. 64 bits: the bias of the remainder is nothing for small counts."""
        self._drawn += 1
        digest = hashlib.blake2b(self._name + b"#%d" % self._drawn, digest_size=8).digest()
        return int.from_bytes(digest, "big") % count

    def between(self, low: int, high: int) -> int:
        """A whole number low..high, both included."""
        return low + self.below(high - low + 1)

    def chance(self, percent: int) -> bool:
        return self.below(100) < percent

    def pick(self, options: Sequence[T]) -> T:
        return options[self.below(len(options))]

    def some(self, options: Sequence[T], count: int) -> list[T]:
        """`count` different ones (all, if there are fewer), in the order of `options`."""
        left = list(range(len(options)))
        while len(left) > count:
            left.pop(self.below(len(left)))
        return [options[index] for index in left]
