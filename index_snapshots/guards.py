"""What keeps bad records out of a shard. Only negative controls turn one off: they show that its tests can turn red."""

from typing import Final, NamedTuple


class Guards(NamedTuple):
    vectors: bool = True
    """A vector that is not finite or not of length 1 is refused."""
    orders: bool = True
    """An older order never replaces a newer one."""


GUARDS: Final = Guards()
