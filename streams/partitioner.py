"""Which partition a key belongs to: Kafka's own murmur2, the same in every client we use."""

from confluent_kafka import murmur2

LIBRDKAFKA_NAME = "murmur2_random"
"""librdkafka's name for it; its default (CRC32) puts three of four keys elsewhere."""


def partition_of(key: bytes, partitions: int) -> int:
    """The partition of a non-empty key, as Java's DefaultPartitioner computes it (the sign bit is cleared)."""
    return murmur2(key, partitions)
