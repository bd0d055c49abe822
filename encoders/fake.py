"""A tiny deterministic encoder that hashes words, for tests that need vectors but no model."""

import hashlib
import threading
from collections.abc import Sequence

import numpy as np

from encoders.errors import EncodingFailed, UnsupportedModality
from encoders.protocol import Vectors
from encoders.tokens import is_unicode

DIM = 32


class FakeEncoder:
    """Texts that share words are close. The same vectors on every machine and in every process."""

    def __init__(self, dim: int = DIM) -> None:
        self.id = f"fake-{dim}"
        self.dim = dim
        self._counting = threading.Lock()
        self._texts_encoded = 0

    @property
    def texts_encoded(self) -> int:
        return self._texts_encoded

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        vectors = np.zeros((len(texts), self.dim), np.float32)
        for index, text in enumerate(texts):
            if not is_unicode(text):
                raise EncodingFailed(index, "holds a lone surrogate, which is not valid Unicode")
            total = np.sum([_direction(word, self.dim) for word in ("[CLS]", *text.lower().split())], axis=0)
            vectors[index] = total / np.linalg.norm(total)
        with self._counting:
            self._texts_encoded += len(texts)
        return vectors

    def encode_images(self, images: Sequence[bytes]) -> Vectors:
        raise UnsupportedModality(
            f"the encoder {self.id} knows texts only, and was given {len(images)} images",
            hint="Configure an encoder with an image model.",
        )


def _direction(word: str, dim: int) -> Vectors:
    digest = hashlib.shake_128(word.encode()).digest(2 * dim)
    # Odd numbers, so that no component and hence no sum of one word is zero.
    return np.frombuffer(digest, "<i2").astype(np.float32) * 2 + 1
