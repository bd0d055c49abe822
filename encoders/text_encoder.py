"""An Encoder for texts out of a bundle, a tokenizer and an engine."""

import threading
from collections.abc import Sequence

import numpy as np

from encoders.bundle import Bundle
from encoders.errors import EncodingFailed, UnsupportedModality
from encoders.packing import Pack, pack
from encoders.protocol import Engine, Tokens, Vectors
from encoders.tokens import TextTokenizer

EMBED_BATCH = 64
"""Texts a caller with plenty of them should hand over at once: more are sorted into runs of similar length."""
LENGTH_TOLERANCE = 0.05
"""An engine's vector this far from length 1 is not rounding but a fault."""


class TextEncoder:
    """Tokenises, packs by length, runs the engine, and hands out only finite vectors of length 1."""

    def __init__(self, bundle: Bundle, engine: Engine) -> None:
        self.id = bundle.manifest.id
        self.dim = bundle.manifest.dim
        self.engine = engine
        self._tokenizer = TextTokenizer(bundle.tokenizer_path, bundle.manifest.context)
        self._counting = threading.Lock()
        self._texts_encoded = 0

    @property
    def texts_encoded(self) -> int:
        return self._texts_encoded

    def words(self) -> set[str]:
        """Words that it knows whole, in lower case, among them numbers and marks; thousands."""
        return self._tokenizer.words()

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        ids = self._tokenizer.tokenize(texts)
        vectors = np.zeros((len(texts), self.dim), np.float32)
        for run in pack([len(tokens) for tokens in ids], self.engine.shapes):
            vectors[list(run.members)] = self.engine.embed(*padded(ids, run))
        unit = unit_rows(vectors)
        with self._counting:
            self._texts_encoded += len(texts)
        return unit

    def encode_images(self, images: Sequence[bytes]) -> Vectors:
        raise UnsupportedModality(
            f"the encoder {self.id} knows texts only, and was given {len(images)} images",
            hint="Configure an encoder with an image model.",
        )


def padded(ids: Sequence[Sequence[int]], run: Pack) -> tuple[Tokens, Tokens]:
    """Token ids and mask of one run, int64 (rows, length), zero where there is padding."""
    tokens = np.zeros((len(run.members), run.length), np.int64)
    mask = np.zeros_like(tokens)
    for row, member in enumerate(run.members):
        count = len(ids[member])
        tokens[row, :count] = ids[member]
        mask[row, :count] = 1
    return tokens, mask


def unit_rows(vectors: Vectors) -> Vectors:
    """The rows at length 1 exactly. Raises EncodingFailed for the first row that is not finite or far from it."""
    lengths = np.linalg.norm(vectors, axis=1)
    bad = np.flatnonzero(~(np.abs(lengths - 1.0) <= LENGTH_TOLERANCE))
    if bad.size:
        index = int(bad[0])
        raise EncodingFailed(index, f"got a vector of length {lengths[index]} from the engine instead of 1")
    return np.asarray(vectors / lengths[:, np.newaxis], np.float32)
