"""Records that are no events: each must be dead-lettered with its reason, and the next event decided."""

import random
from typing import Any, Final, NamedTuple

import orjson

from schemas.topics import RECORD_BYTES_MAX
from streams.partitioner import partition_of

PARTITIONS: Final = 2
"""One of them means another partition than its key's, so a topic needs two."""
TWO_MB: Final = 2_000_000
LARGEST: Final = RECORD_BYTES_MAX - 1_000
"""Bytes that no compression makes smaller."""


class Poison(NamedTuple):
    name: str
    key: bytes | None
    value: bytes | None
    partition: int
    """-1: that of the key."""
    reason: str


def upsert(sku: str, **fields: Any) -> dict[str, Any]:
    return {"type": "upsert", "sku": sku, "title": "Lamp", **fields}


def _nested(depth: int) -> bytes:
    return b'{"type":"upsert","sku":"P","title":"x","attributes":{"a":' + b"[" * depth + b"]" * depth + b"}}"


KEY: Final = b"P"
OTHER_PARTITION: Final = 1 - partition_of(KEY, PARTITIONS)
POISON: Final = tuple(
    Poison(*row)
    for row in (
        ("random bytes", KEY, bytes(range(256)), -1, "malformed_json"),
        ("empty value", KEY, b"", -1, "malformed_json"),
        ("cut JSON", KEY, b'{"type":"upsert","sku":"P","ti', -1, "malformed_json"),
        ("not UTF-8", KEY, b'{"type":"upsert","sku":"P","title":"\xff"}', -1, "malformed_json"),
        ("null value", KEY, None, -1, "malformed_json"),
        ("NaN", KEY, b'{"type":"upsert","sku":"P","title":"x","attributes":{"a":NaN}}', -1, "malformed_json"),
        ("depth 2000", KEY, _nested(2000), -1, "malformed_json"),
        ("depth 500", KEY, _nested(500), -1, "invalid_field"),
        ("lone surrogate", KEY, b'{"type":"upsert","sku":"P","title":"\\ud800"}', -1, "malformed_json"),
        ("duplicate key", KEY, b'{"type":"upsert","sku":"P","title":"x","title":"y"}', -1, "duplicate_key"),
        ("a list", KEY, b"[]", -1, "not_an_object"),
        ("a number", KEY, b"7", -1, "not_an_object"),
        ("schema version", KEY, orjson.dumps(upsert("P", schema_version=2)), -1, "unknown_schema_version"),
        ("type", KEY, b'{"type":"explode","sku":"P"}', -1, "unknown_type"),
        ("no type", KEY, b'{"sku":"P","title":"x"}', -1, "unknown_type"),
        ("type is a list", KEY, b'{"type":["upsert"],"sku":"P"}', -1, "unknown_type"),
        ("title is a number", KEY, orjson.dumps(upsert("P", title=7)), -1, "invalid_field"),
        ("version is true", KEY, orjson.dumps(upsert("P", version=True)), -1, "invalid_field"),
        ("version is text", KEY, orjson.dumps(upsert("P", version="1")), -1, "invalid_field"),
        ("version beyond 63 bits", KEY, b'{"type":"delete","sku":"P","version":%d}' % 2**63, -1, "invalid_field"),
        ("5000 digits", KEY, b'{"type":"delete","sku":"P","version":%s}' % (b"9" * 5000), -1, "malformed_json"),
        ("price is 1e999", KEY, b'{"type":"patch","sku":"P","stock":1e999}', -1, "malformed_json"),
        ("title is white space", KEY, orjson.dumps(upsert("P", title=" \n")), -1, "invalid_field"),
        ("NUL in the title", KEY, orjson.dumps(upsert("P", title="a\0b")), -1, "invalid_field"),
        ("patch of nothing", KEY, b'{"type":"patch","sku":"P"}', -1, "invalid_field"),
        ("patch before create", KEY, b'{"type":"patch","sku":"P","stock":1}', -1, "unknown_sku"),
        ("no key", None, orjson.dumps(upsert("P")), 0, "missing_key"),
        ("empty key", b"", orjson.dumps(upsert("P")), 1, "missing_key"),
        ("key of another", KEY, orjson.dumps(upsert("Q")), -1, "key_mismatch"),
        ("key that is no text", b"\xff\xfe", orjson.dumps(upsert("P")), -1, "key_mismatch"),
        ("other partition", KEY, orjson.dumps(upsert("P")), OTHER_PARTITION, "wrong_partition"),
        ("as large as Kafka takes", KEY, random.Random(0).randbytes(LARGEST), -1, "too_large"),
        ("a key as large", random.Random(1).randbytes(LARGEST), orjson.dumps(upsert("P")), -1, "key_mismatch"),
        ("2 MB", KEY, orjson.dumps(upsert("P", description="x" * TWO_MB)), -1, "too_large"),
    )
)
