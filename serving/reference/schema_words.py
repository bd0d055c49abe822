"""JSON Schema in words: what a field may hold, as one short phrase. Used by docs/*.md and by the page at `/docs`."""

from collections.abc import Callable, Mapping
from typing import Any

Schema = Mapping[str, Any]
Link = Callable[[str], str]
"""How the name of another model is written."""
TYPES = {"string": "text", "integer": "integer", "number": "number", "boolean": "true or false", "null": "null"}
PROBLEMS = ("ProblemAnswer", "ClientProblem")
"""Models of error answers."""


def scope_of(operation: Mapping[str, Any]) -> str:
    """What a key must be allowed to do for it; empty: it needs none."""
    security = operation.get("security")
    return ", ".join(next(iter(security[0].values()))) or "any" if security else ""


def words(schema: Schema, link: Link = lambda name: name, code: Link = lambda text: f"`{text}`") -> str:
    """`{"type": "integer", "minimum": 0}` -> `integer (at least 0)`. `code` marks literal values."""
    if "$ref" in schema:
        return link(name_of(schema["$ref"]))
    for choice in ("anyOf", "oneOf"):
        if choice in schema:
            parts = [words(part, link, code) for part in schema[choice]]
            return " or ".join(dict.fromkeys(parts))
    if "const" in schema or "enum" in schema:
        return ", ".join(code(_literal(value)) for value in schema.get("enum", [schema.get("const")]))
    limits = _limits(schema)
    if schema.get("type") == "array":
        return _list(schema, link, code, limits)
    if schema.get("type") == "object":
        values = schema.get("additionalProperties")
        inside = f" of {words(values, link, code)}" if isinstance(values, Mapping) and values else ""
        return f"object{limits}{inside}"
    return f"{TYPES[schema['type']]}{limits}" if "type" in schema else "anything"


def problem_of(answer: Mapping[str, Any]) -> str:
    """Model of an error answer; empty: it is a good one."""
    schemas = (content["schema"] for content in answer["content"].values())
    names = (name_of(schema["$ref"]) for schema in schemas if "$ref" in schema)
    return next((name for name in names if name in PROBLEMS), "")


def default_words(value: object) -> str:
    """A default as JSON, or an empty text when it is null or holds nothing."""
    if value in (None, "", [], {}) or isinstance(value, (dict, list)):
        return ""
    return _literal(value)


def name_of(ref: str) -> str:
    """`#/components/schemas/Hit` -> `Hit`."""
    return ref.rsplit("/", 1)[-1]


def _list(schema: Schema, link: Link, code: Link, limits: str) -> str:
    if "prefixItems" in schema:
        return f"list [{', '.join(words(part, link, code) for part in schema['prefixItems'])}]"
    inside = words(schema.get("items") or {}, link, code)
    return f"list{limits} of {f'({inside})' if ' or ' in inside else inside}"


def _limits(schema: Schema) -> str:
    parts = []
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is not None and high is not None:
        parts.append(f"{_number(low)} to {_number(high)}")
    elif low is not None:
        parts.append(f"at least {_number(low)}")
    elif high is not None:
        parts.append(f"at most {_number(high)}")
    if "exclusiveMinimum" in schema:
        parts.append(f"more than {_number(schema['exclusiveMinimum'])}")
    for key, unit in (("maxLength", "characters"), ("maxItems", "items"), ("maxProperties", "entries")):
        if key in schema:
            parts.append(f"at most {_number(schema[key])} {unit}")
    if schema.get("minLength") or schema.get("minItems"):
        parts.append("not empty")
    if "pattern" in schema:
        parts.append(f"like {schema['pattern']}")
    return f" ({', '.join(parts)})" if parts else ""


def _number(value: float) -> str:
    return f"{int(value) if value == int(value) else value:,}"


def _literal(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
