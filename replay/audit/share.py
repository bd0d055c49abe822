"""Which SKUs an audit process looks at: several of them can audit one partition side by side."""

from typing import NamedTuple

from index_snapshots.buckets import bucket_of


class Share(NamedTuple):
    """Whole buckets of SKUs, so that each process can compare the digests of its own."""

    number: int = 0
    of: int = 1

    def has(self, sku: str) -> bool:
        return self.of == 1 or bucket_of(sku) % self.of == self.number

    def has_key(self, key: bytes | None) -> bool:
        """A key that is no text belongs to somebody too."""
        return self.of == 1 or self.has((key or b"").decode(errors="replace"))

    def has_bucket(self, bucket: int) -> bool:
        return bucket % self.of == self.number

    def has_offset(self, offset: int) -> bool:
        """Who tells of a record whose SKU is not known."""
        return offset % self.of == self.number
