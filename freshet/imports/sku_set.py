"""The SKUs of a file, small: 64 bits of each. Two that meet by chance keep a product, they never lose one."""

import xxhash


class SkuSet:
    def __init__(self) -> None:
        self._digests: set[int] = set()

    def add(self, sku: str) -> None:
        self._digests.add(xxhash.xxh3_64_intdigest(sku.encode("utf-8", "surrogatepass")))

    def __contains__(self, sku: str) -> bool:
        return xxhash.xxh3_64_intdigest(sku.encode("utf-8", "surrogatepass")) in self._digests

    def __len__(self) -> int:
        return len(self._digests)
