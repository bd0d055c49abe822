"""Digests of a shard's state: sums of one hash per SKU, so that the order of arrival does not matter."""

import struct
from typing import Final

import xxhash

from schemas.records import Availability

MODULUS: Final = 2**128
_DOCUMENT = struct.Struct("<qiii")
_OFFER = struct.Struct("<qqq?qd")


def document_hash(sku: str, order: int, body: bytes | None, vector: bytes) -> int:
    """128 bits over one remembered document; a delete has no body and an empty vector."""
    name = sku.encode()
    head = _DOCUMENT.pack(order, len(name), -1 if body is None else len(body), len(vector))
    return xxhash.xxh3_128_intdigest(b"".join((head, name, body or b"", vector)))


def offer_hash(
    sku: str, numbers: tuple[int, int, int, bool, int, float], currency: str, availability: Availability | None
) -> int:
    """128 bits over one remembered offer: order, live_since, version, live, stock, price; -1 for what is not given."""
    words = "\0".join((sku, currency, availability or ""))
    return xxhash.xxh3_128_intdigest(_OFFER.pack(*numbers) + words.encode())


def hexadecimal(digest: int) -> str:
    return f"{digest % MODULUS:032x}"
