"""Makes a real Kafka compact topics within a second, which it otherwise does after days."""

from confluent_kafka.admin import (  # type: ignore[attr-defined]  # its stubs do not export what its manual names
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    ResourceType,
)

from streams.topics import admin
from tests.waiting import LIMIT_S

BROKER = "1"


def compact_at_once(kafka: str, topics: list[str]) -> None:
    """From now on a segment is closed after each record that comes 50 ms later, and closed ones are compacted."""
    topic = {
        "min.compaction.lag.ms": "0",
        "max.compaction.lag.ms": "100",
        "segment.ms": "50",
        "min.cleanable.dirty.ratio": "0.01",
    }
    _alter(kafka, [_resource(ResourceType.BROKER, BROKER, {"log.cleaner.backoff.ms": "200"})])
    _alter(kafka, [_resource(ResourceType.TOPIC, name, topic) for name in topics])


def _resource(kind: ResourceType, name: str, settings: dict[str, str]) -> ConfigResource:
    entries = [ConfigEntry(key, value, incremental_operation=AlterConfigOpType.SET) for key, value in settings.items()]
    return ConfigResource(kind, name, incremental_configs=entries)


def _alter(kafka: str, resources: list[ConfigResource]) -> None:
    client = admin(kafka)
    for future in client.incremental_alter_configs(resources, request_timeout=LIMIT_S).values():
        future.result()
