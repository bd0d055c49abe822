"""Whether searches can be answered in full, and what is missing."""

from pydantic import BaseModel

from serving.freshness import FreshnessMeter
from serving.query_vectors import QueryVectors
from serving.shard_watch import ShardWatch
from serving.shards import Shards


class Readiness(BaseModel):
    """Ready when every partition has a ready replica and the encoder is loaded and fits; Kafka is only reported."""

    ready: bool
    shards: dict[str, bool]
    encoder: bool
    kafka: bool
    waiting_for: list[str]


def readiness(shards: Shards, watch: ShardWatch, vectors: QueryVectors, freshness: FreshnessMeter) -> Readiness:
    ready = {str(partition): watch.ready(partition) for partition in shards.partitions}
    waiting_for = [f"shard-{partition}" for partition, is_ready in ready.items() if not is_ready]
    if not vectors.encoder_id:
        waiting_for.append("encoder")
    elif not vectors.fits:
        waiting_for.append(f"shards hold vectors of {', '.join(sorted(watch.encoders()))}")
    return Readiness(
        ready=not waiting_for,
        shards=ready,
        encoder=vectors.fits,
        kafka=freshness.kafka_heard,
        waiting_for=waiting_for,
    )
