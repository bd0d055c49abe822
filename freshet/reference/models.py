"""Tables of the fields of pydantic models: field, what it may hold, meaning."""

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from freshet.reference.table import table
from serving.reference.schema_words import default_words, words

Schemas = Mapping[str, Mapping[str, Any]]
FIELDS = ("field", "holds", "meaning")


def field_table(schema: Mapping[str, Any], asked: bool = False) -> str:
    """`asked`: of something that is sent to us, so that it is said what must be there."""
    required = set(schema.get("required", ())) if asked else set()
    rows = [
        (f"`{name}`", f"{holds(field)}{_presence(field, name in required)}", str(field.get("description", "")))
        for name, field in schema.get("properties", {}).items()
    ]
    return table(FIELDS, rows) if rows else "No fields."


def holds(field: Mapping[str, Any]) -> str:
    return words(field, link)


def link(name: str) -> str:
    """To the model's heading in the same document."""
    return f"[{name}](#{name.lower()})"


def sections(schemas: Schemas, names: Iterable[str], asked: set[str], level: str = "###") -> str:
    """A heading, the model's own words and its fields, for each model."""
    parts = []
    for name in names:
        schema = schemas[name]
        text = str(schema.get("description", ""))
        parts += [f"{level} {name}", *([text] if text else []), field_table(schema, name in asked)]
    return "\n\n".join(parts)


def schemas_of(models: Iterable[type[BaseModel]]) -> dict[str, Any]:
    """JSON schemas of the models as they are written, and of those inside them, by name."""
    _, found = models_json_schema([(model, "serialization") for model in models], ref_template="#/$defs/{model}")
    schemas: dict[str, Any] = found["$defs"]
    return schemas


def _presence(field: Mapping[str, Any], required: bool) -> str:
    if required:
        return "; required"
    value = default_words(field.get("default"))
    return f"; default `{value}`" if value else ""
