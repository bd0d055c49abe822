"""How the records of a workload look to a shard: as checked changes, and as bytes in the log."""

import base64
import time
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import orjson

from bench.workload import Halves
from index_snapshots.orders import pack
from index_snapshots.protocol import DocumentChange
from schemas.records import Order

GENERATION: Final = 1
ENCODER: Final = "bench"
SKU_DIGITS: Final = 8


def sku_name(number: int) -> str:
    return f"sku-{number:0{SKU_DIGITS}}"


def sku_number(name: str) -> int:
    return int(name[-SKU_DIGITS:])


Fields = dict[str, Any]
"""Brand and category of a content, as far as it has them."""


def changes(
    first: int, skus: npt.NDArray[np.int64], vectors: Halves, fields: Sequence[Fields] | None = None
) -> list[DocumentChange]:
    """Records `first`... with these SKU numbers (n,) and vectors (n, dim). The body is the shortest there can be.

    They are appended to the log now: merges are paced by the log's clock.
    """
    made, now_ms = [], time.time_ns() // 1_000_000
    for at, (number, vector) in enumerate(zip(skus.tolist(), vectors, strict=True)):
        name, more = sku_name(number), fields[at] if fields else {}
        made.append(
            DocumentChange(
                name,
                pack(Order(GENERATION, first + at)),
                now_ms,
                # Copied as in `index_snapshots.apply`: orjson's bytes keep hold of the 4 KB that it wrote them in.
                body=bytes(memoryview(orjson.dumps({"title": name, **more, "attributes": {}}))),
                brand=more.get("brand", ""),
                category=tuple(more.get("category", ())),
                vector=vector,
                attributes={},
            )
        )
    return made


def log_value(record: int, number: int, vector: npt.NDArray[np.float16], encoder: str = ENCODER) -> bytes:
    """The value in `documents` of one record; `schemas.records.DocumentRecord` reads it."""
    name = sku_name(number)
    value = orjson.dumps(
        {
            "sku": name,
            "order": [GENERATION, record],
            "content": {"title": name},
            "vector": base64.b64encode(vector.astype("<f2").tobytes()).decode(),
            "encoder": encoder,
        }
    )
    return bytes(memoryview(value))  # as above: 8 MB in a batch of 500
