"""docs/api.md: the list of routes, one section per route, and the models, from the OpenAPI document."""

from collections.abc import Iterator, Mapping
from importlib.metadata import version
from typing import Any

from freshet.reference.marks import Part
from freshet.reference.models import holds, link, sections
from freshet.reference.table import table
from serving.app import ROUTES
from serving.openapi import document
from serving.reference.curl import curl
from serving.reference.markdown import anchor_of
from serving.reference.pretty_json import pretty
from serving.reference.schema_words import name_of, problem_of, scope_of

Operation = Mapping[str, Any]


def parts() -> list[Part]:
    api = document(ROUTES, version("freshet"))
    operations = [(route.method, route.path, api["paths"][route.path][route.method.lower()]) for route in ROUTES]
    listed = table(("route", "does", "scope"), (_row(*operation) for operation in operations))
    each = [
        Part(f"{method} {path}", _section(method, path, operation), f"## {method} {path}")
        for method, path, operation in operations
    ]
    schemas = api["components"]["schemas"]
    return [Part("routes", listed), *each, Part("models", sections(schemas, sorted(schemas), _asked(api)))]


def _row(method: str, path: str, operation: Operation) -> tuple[str, str, str]:
    name = f"{method} {path}"
    return f"[`{name}`](#{anchor_of(name)})", operation["summary"], scope_of(operation)


def _section(method: str, path: str, operation: Operation) -> str:
    scope = scope_of(operation)
    blocks = [f"{operation['summary']}.{f' Scope of its key: {scope}.' if scope else ''}"]
    if "description" in operation:
        blocks.append(operation["description"])
    if "parameters" in operation:
        blocks.append(table(("parameter", "in", "holds", "meaning"), map(_parameter, operation["parameters"])))
    if "requestBody" in operation:
        blocks.append(_body(operation["requestBody"]["content"]))
    blocks.append(f"```sh\n{curl(method, path, operation)}\n```")
    blocks += [f"```json\n{pretty(example)}\n```" for example in _answers(operation)]
    blocks.append(table(("status", "means", "body"), _good(operation)))
    if refused := [f"`{status}`" for status, answer in operation["responses"].items() if problem_of(answer)]:
        blocks.append(f"Errors: {', '.join(refused)} ([what they mean](#errors)).")
    return "\n\n".join(blocks)


def _parameter(parameter: Mapping[str, Any]) -> tuple[str, ...]:
    required = "; required" if parameter["required"] else ""
    return (
        f"`{parameter['name']}`",
        parameter["in"],
        f"{holds(parameter['schema'])}{required}",
        parameter["description"],
    )


def _body(content: Mapping[str, Any]) -> str:
    """One sentence: every content type of a route takes the same models."""
    kinds = " or ".join(f"`{kind}`" for kind in content)
    return f"Body: {holds(next(iter(content.values()))['schema'])}, as {kinds}."


def _answers(operation: Operation) -> Iterator[Any]:
    for answer in operation["responses"].values():
        for content in answer["content"].values():
            if "example" in content:
                yield content["example"]


def _good(operation: Operation) -> Iterator[tuple[str, str, str]]:
    for status, answer in operation["responses"].items():
        if problem_of(answer):
            continue
        for kind, content in answer["content"].items():
            schema = content["schema"]
            shown = link(name_of(schema["$ref"])) if "$ref" in schema else f"`{kind}`"
            yield f"`{status}`", answer["description"], shown


def _asked(api: Mapping[str, Any]) -> set[str]:
    """The models that callers send, with those inside them."""
    operations = (operation for item in api["paths"].values() for operation in item.values())
    found: set[str] = set()
    waiting = [name_of(ref) for operation in operations for ref in _refs(operation.get("requestBody"))]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += [name_of(ref) for ref in _refs(api["components"]["schemas"][name])]
    return found


def _refs(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for value in node.values():
            yield from _refs(value)
    elif isinstance(node, list):
        for value in node:
            yield from _refs(value)
