"""docs/events.md: fields of the events, limits, reasons, topics and records, from `schemas`."""

import inspect
import re
from typing import Any

from freshet.reference.marks import Part
from freshet.reference.models import FIELDS, field_table, holds, schemas_of, sections
from freshet.reference.table import table
from schemas import limits
from schemas.clicks import Click
from schemas.events import KINDS
from schemas.reasons import REASONS
from schemas.records import ContentRecord, DeadLetter, DocumentRecord, OfferRecord, Outcome, Record
from schemas.served import Served
from schemas.topics import DAY_MS, TOPICS, Topic

RECORDS: dict[str, type[Record]] = {
    "contents": ContentRecord,
    "offers": OfferRecord,
    "documents": DocumentRecord,
    "outcomes": Outcome,
    "served": Served,
    "dead-letters": DeadLetter,
}
"""The model of the values in each topic that Freshet writes."""


def parts() -> list[Part]:
    return [
        Part("event fields", _event_fields()),
        Part("click fields", field_table(Click.model_json_schema(), asked=True)),
        Part("limits", _limits()),
        Part("reasons", _reasons()),
        Part("topics", table(("topic", "key", "holds", "partitions", "kept"), map(_topic, TOPICS))),
        Part("records", _records()),
    ]


def _event_fields() -> str:
    """One table for the three kinds; and one for the price inside."""
    schemas = {kind: model.model_json_schema() for kind, model in KINDS.items()}
    whole: dict[str, Any] = schemas["upsert"]
    rows = [("`type`", ", ".join(f"`{kind}`" for kind in KINDS), *["required"] * len(KINDS), "")]
    for name, field in whole["properties"].items():
        if name != "type":
            uses = [_use(schemas[kind], name) for kind in KINDS]
            rows.append((f"`{name}`", holds(field).removesuffix(" or null"), *uses, field.get("description", "")))
    rows.sort(key=lambda row: row[2] != "required")
    price = {"EventPrice": whole["$defs"]["EventPrice"]}
    head = (*FIELDS[:2], *KINDS, FIELDS[2])
    return f"{table(head, rows)}\n\n{sections(price, price, asked=set(price))}"


def _use(schema: dict[str, Any], name: str) -> str:
    if name in schema.get("required", ()):
        return "required"
    return "optional" if name in schema["properties"] else ""


def _limits() -> str:
    """A comment behind a limit says what its name does not."""
    said = dict(re.findall(r"^([A-Z_]+) = [^#\n]+# (.*)$", inspect.getsource(limits), re.MULTILINE))
    names = [name for name in vars(limits) if name.isupper()]
    return table(
        ("limit", "value", ""), ((f"`{name}`", f"{vars(limits)[name]:,}", said.get(name, "")) for name in names)
    )


def _reasons() -> str:
    rows = ((f"`{reason}`", meaning, who) for reason, (meaning, who) in REASONS.items())
    return table(("reason", "meaning", "who acts"), rows)


def _topic(topic: Topic) -> tuple[str, ...]:
    days = f"{topic.retention_ms / DAY_MS:g} days"
    kept = f"{days}, then the newest per key" if topic.cleanup == "compact" else days
    return (f"`{topic.name}`", topic.key, topic.holds, "as `catalog`" if topic.per == "sku" else "1", kept)


def _records() -> str:
    """First what stands in each topic, then the models inside."""
    schemas = schemas_of(RECORDS.values())
    outer = {model.__name__: topic for topic, model in RECORDS.items()}
    named = {name: schemas[name] for name in outer} | {k: v for k, v in schemas.items() if k not in outer}
    return sections(named, named, asked=set())
