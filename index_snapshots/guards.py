"""What keeps a shard right and the same everywhere. Only negative controls turn one off: tests must be able to fail."""

from typing import Final, NamedTuple


class Guards(NamedTuple):
    vectors: bool = True
    """A vector that is not finite or not of length 1 is refused."""
    orders: bool = True
    """An older order never replaces a newer one."""
    levels: bool = True
    """A product's levels in the graph follow from its SKU; off: they are drawn."""
    whole: bool = True
    """A file of a snapshot is synced, and the manifest is renamed into its place; off: neither."""
    offsets: bool = True
    """A snapshot names the offsets of the view that it holds; off: those of one record more."""
    checksums: bool = True
    """Every byte of a snapshot is compared before it is used; off: only that the files are as long as they were."""


GUARDS: Final = Guards()
