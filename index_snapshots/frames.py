"""Compressed files as zstd frames that can be taken apart piece by piece.

Before each frame stands a skippable frame with its length, so `zstd -d` reads the whole as it is.
"""

import struct
from collections.abc import Iterable, Iterator
from typing import Final

import cramjam

FRAME_BYTES: Final = 4 << 20
"""Of content in one frame: what is in memory at once."""
SMALL_FRAME_BYTES: Final = 256 << 10
"""Of what is compressed beside searches: a millisecond's work."""
LEVEL: Final = 1
"""Higher ones take twice the time for a hundredth of the size (measured)."""
_HEADER: Final = struct.Struct("<III")
_SKIPPABLE: Final = 0x184D2A50
_LENGTH_BYTES: Final = 4


def compressed(blocks: Iterable[bytes], frame_bytes: int = FRAME_BYTES) -> Iterator[bytes]:
    """Frames of `blocks` put together."""
    for piece in _pieces(blocks, frame_bytes):
        frame = bytes(cramjam.zstd.compress(piece, level=LEVEL))
        yield _HEADER.pack(_SKIPPABLE, _LENGTH_BYTES, len(frame)) + frame


def decompressed(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Raises ValueError when these are not whole frames."""
    waiting = bytearray()
    for block in blocks:
        waiting += block
        while len(waiting) >= _HEADER.size:
            magic, size, length = _HEADER.unpack_from(waiting)
            if magic != _SKIPPABLE or size != _LENGTH_BYTES or length > 2 * FRAME_BYTES:
                raise ValueError("not a frame")
            end = _HEADER.size + length
            if len(waiting) < end:
                break
            yield _content(bytes(waiting[_HEADER.size : end]))
            del waiting[:end]
    if waiting:
        raise ValueError("the last frame is cut")


def _content(frame: bytes) -> bytes:
    try:
        return bytes(cramjam.zstd.decompress(frame))
    except cramjam.DecompressionError as error:
        raise ValueError(f"a frame is damaged: {error}") from error


def _pieces(blocks: Iterable[bytes], size: int) -> Iterator[bytes]:
    waiting = bytearray()
    for block in blocks:
        waiting += block
        while len(waiting) >= size:
            yield bytes(waiting[:size])
            del waiting[:size]
    if waiting:
        yield bytes(waiting)
