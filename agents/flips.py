"""Test-only: changes one bit of what a live shard holds, as bad memory would (`FRESHET_FAULT=flip:body:3`)."""

import numpy as np

from index_snapshots.bodies import FAN_OUT
from index_snapshots.columns import CHUNK_ROWS, NO_ROW
from index_snapshots.view import ShardView
from schemas.errors import SettingsError


def flip(view: ShardView, place: str) -> None:
    """Of the first product of the shard. `column`: its price; `body`: its title; `vector`: its last component; `code`:
    the same as searches see it in a head; `facet`: the first attribute that was declared."""
    slot = int(np.flatnonzero(view.columns.whole("row") != NO_ROW)[0])
    chunk, at = slot // CHUNK_ROWS, slot % CHUNK_ROWS
    match place:
        case "column":
            prices = view.columns.chunks["price"][chunk]
            prices[at : at + 1] = _flipped(prices[at : at + 1].tobytes(), prices.dtype)
        case "body":
            body = bytearray(view.bodies[slot])
            body[body.index(b'"title":"') + 9] ^= 1
            leaf = slot // FAN_OUT
            view.bodies.branches[leaf // FAN_OUT][leaf % FAN_OUT][slot % FAN_OUT] = bytes(body)
        case "vector":
            row = view.columns.get("row", slot)
            part = next(part for part in reversed(view.vectors.parts) if part.store.first_row <= row)
            vector = part.store.vectors[part.store.position(row)]
            vector[-1:] = _flipped(vector[-1:].tobytes(), vector.dtype)
        case "code":
            head = next(part.store.head for part in view.vectors.parts if part.store.head)
            head.block.flat.codes[head.begin, -1] ^= 1 << 6
        case "facet":
            facet = next(iter(view.facets.values()))
            facet.chunks[chunk].values[:1] = _flipped(
                facet.chunks[chunk].values[:1].tobytes(), facet.chunks[chunk].values.dtype
            )
        case _:
            raise SettingsError(f"FRESHET_FAULT: {place!r} is not column, body, vector, code or facet")


def _flipped(number: bytes, dtype: np.dtype) -> np.ndarray:
    """The highest bit of the mantissa, little-endian: nobody would overlook it, and the number stays one."""
    data = bytearray(number)
    data[-2] ^= 1 << 1
    return np.frombuffer(bytes(data), dtype)
