"""What keeps a shard right and the same everywhere. Only negative controls turn one off: tests must be able to fail."""

from typing import Final, NamedTuple


class Guards(NamedTuple):
    vectors: bool = True
    """A vector that is not finite or not of length 1 is refused."""
    orders: bool = True
    """An older order never replaces a newer one."""
    levels: bool = True
    """A product's levels in the graph follow from its SKU; off: they are drawn."""


GUARDS: Final = Guards()
