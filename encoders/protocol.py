"""The two promises of this package: an Encoder turns texts and images into vectors, an Engine runs a model."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from encoders.packing import Shapes

Vectors = npt.NDArray[np.float32]
"""float32, shape (n, dim), each row of length 1."""
Tokens = npt.NDArray[np.int64]
"""int64, shape (rows, length): token ids, or a mask of 1 for a token and 0 for padding."""


class Encoder(Protocol):
    """Turns texts and images into vectors. Blocking and thread-safe: callers decide where it runs."""

    @property
    def id(self) -> str:
        """Names the vector space. Vectors with different ids must never meet in one index."""

    @property
    def dim(self) -> int:
        """Columns of every vector."""

    @property
    def texts_encoded(self) -> int:
        """Texts turned into vectors since the start: shows that a price change embeds nothing."""

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        """One row per text, in order: float32, shape (len(texts), dim), each row of length 1; (0, dim) for no text.

        Raises EncodingFailed, with the index of the text, when a text cannot be tokenised or its vector is not
        finite or has no direction; no other text of the call is at fault then.
        """

    def encode_images(self, images: Sequence[bytes]) -> Vectors:
        """One row per image (bytes of a JPEG, PNG or WebP file), in the same space as the texts, shaped like theirs.

        Raises UnsupportedModality when the encoder knows texts only.
        """


class Engine(Protocol):
    """Runs a bundle's text model on one machine. Blocking and thread-safe."""

    @property
    def name(self) -> str:
        """What runs and how precisely, such as `onnxruntime-f32`; for logs and metrics."""

    @property
    def threads(self) -> int:
        """CPU threads one run uses."""

    @property
    def shapes(self) -> Shapes:
        """The input shapes it is fast with."""

    def embed(self, ids: Tokens, mask: Tokens) -> Vectors:
        """Pooled vectors of one padded batch: (rows, length) twice -> float32 (rows, dim), length 1 up to rounding."""
