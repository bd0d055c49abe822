"""Compressed files: what goes in comes out, in pieces; cut or changed ones are refused."""

import os
from collections.abc import Callable

import cramjam
import pytest

from index_snapshots.frames import FRAME_BYTES, compressed, decompressed

CONTENT = os.urandom(1_000) + b"a catalogue repeats itself " * 400_000


def cut(data: bytes, size: int) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data), size)]


@pytest.mark.parametrize("size", [1, FRAME_BYTES, FRAME_BYTES + 1, len(CONTENT)])
def test_what_goes_in_comes_out(size: int) -> None:
    data = CONTENT[:size]
    packed = b"".join(compressed(cut(data, 100_003)))
    assert len(packed) <= len(data) + 64
    for pieces in (cut(packed, 1_000), [packed]):
        assert b"".join(decompressed(pieces)) == data


def test_nothing_is_nothing() -> None:
    assert list(compressed([])) == [] and list(decompressed([])) == []


def test_others_can_read_it() -> None:
    assert bytes(cramjam.zstd.decompress(b"".join(compressed([CONTENT])))) == CONTENT


def test_a_frame_is_in_memory_at_once_and_no_more() -> None:
    packed = b"".join(compressed([CONTENT]))
    assert max(map(len, decompressed(cut(packed, 1_000)))) <= FRAME_BYTES


@pytest.mark.parametrize("change", [lambda data: data[:-1], lambda data: data[:5], lambda data: b"x" + data])
def test_what_is_cut_or_shifted_is_refused(change: Callable[[bytes], bytes]) -> None:
    with pytest.raises(ValueError, match="frame"):
        list(decompressed([change(b"".join(compressed([CONTENT])))]))
