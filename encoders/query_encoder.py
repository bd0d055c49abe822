"""The vector of a query: from the cache, or through the micro-batcher."""

from encoders.batcher import MicroBatcher, Vector
from encoders.vector_cache import VectorCache, normalised_query


class QueryEncoder:
    """Cache in front, micro-batcher behind. The text that is encoded is the normalised one that is the cache's key."""

    def __init__(self, batcher: MicroBatcher, cache: VectorCache) -> None:
        self.batcher = batcher
        self.cache = cache

    @property
    def id(self) -> str:
        """Names the vector space."""
        return self.batcher.encoder.id

    async def encode(self, text: str, deadline_s: float) -> Vector:
        """float32 (dim,) of length 1. `deadline_s` and errors as in MicroBatcher.encode."""
        known = self.cache.get(self.id, text)
        if known is not None:
            return known
        vector = await self.batcher.encode(normalised_query(text), deadline_s)
        self.cache.put(self.id, text, vector)
        return vector
