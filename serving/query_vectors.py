"""Turns a query into its vector: from the cache, else through the encoder; rounded to fp16 once, for everyone."""

import base64
from collections.abc import Callable
from typing import Literal, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from schemas.errors import Unavailable
from schemas.metrics import Metrics

Source = Literal["cache", "encoder"]
PROCESS = "serving"


class QueryVector(NamedTuple):
    """base64 of little-endian fp16, shape (dim,): what the shards get and what is logged."""

    fp16: str
    source: Source


class Encoding(Protocol):
    """Encodes one query; bounded, off the event loop."""

    async def encode(self, text: str, deadline_s: float) -> NDArray[np.float32]:
        """Float32, shape (dim,), length 1, by a time of `time.monotonic`. Raises errors of the tree."""
        ...


class Remembered(Protocol):
    """Bounded memory of vectors, by encoder and text."""

    def get(self, encoder_id: str, text: str) -> NDArray[np.float32] | None: ...

    def put(self, encoder_id: str, text: str, vector: NDArray[np.float32]) -> None: ...


class QueryVectors:
    """Not ready until an encoder is given; refuses to mix vector spaces.

    `shard_encoders` gives the ids of the encoders whose vectors the shards hold; empty when unknown.
    """

    def __init__(
        self,
        cache: Remembered,
        metrics: Metrics,
        clock: Callable[[], float],
        shard_encoders: Callable[[], set[str]],
    ) -> None:
        self._cache = cache
        self._from = metrics.counter("freshet_query_cache_total")
        self._encoded = metrics.counter("freshet_texts_encoded_total").labels(process=PROCESS)
        self._seconds = metrics.histogram("freshet_encode_seconds").labels(process=PROCESS)
        self._clock = clock
        self._shard_encoders = shard_encoders
        self._encoding: Encoding | None = None
        self.encoder_id = ""
        """Empty while no encoder is loaded."""

    def give(self, encoder_id: str, encoding: Encoding) -> None:
        """From now on queries are encoded by it."""
        self._encoding = encoding
        self.encoder_id = encoder_id

    @property
    def fits(self) -> bool:
        """Whether the encoder is loaded and the shards hold no vectors of another one."""
        return self._encoding is not None and self._shard_encoders() <= {self.encoder_id}

    @property
    def unkept(self) -> "Unkept":
        return Unkept(self)

    async def of(self, text: str, timeout_s: float, *, kept: bool = True) -> QueryVector:
        """`kept`: where the same text was encoded before it is not again. Raises Unavailable when no encoder is loaded
        or it does not fit the shards; else what the encoder raises."""
        if self._encoding is None:
            raise Unavailable("the encoder is still loading")
        if not self.fits:
            raise Unavailable(
                f"queries are encoded by {self.encoder_id}, the shards hold {sorted(self._shard_encoders())}",
                hint="give serving, embed and shard the same model",
            )
        cached = self._cache.get(self.encoder_id, text) if kept else None
        self._from.labels(result="encoder" if cached is None else "cache").inc()
        if cached is not None:
            return QueryVector(fp16_text(cached), "cache")
        started_s = self._clock()
        vector = await self._encoding.encode(text, started_s + timeout_s)
        self._encoded.inc()
        self._seconds.observe(self._clock() - started_s)
        if kept:
            self._cache.put(self.encoder_id, text, vector)
        return QueryVector(fp16_text(vector), "encoder")


class Unkept(NamedTuple):
    """Encodes each text anew, and keeps nothing."""

    vectors: QueryVectors

    async def of(self, text: str, timeout_s: float) -> QueryVector:
        return await self.vectors.of(text, timeout_s, kept=False)


def fp16_text(vector: NDArray[np.float32]) -> str:
    return base64.b64encode(vector.astype("<f2").tobytes()).decode()


def values_of(vector: QueryVector) -> NDArray[np.float64]:
    """Shape (dim,)."""
    return np.frombuffer(base64.b64decode(vector.fp16), "<f2").astype(np.float64)
