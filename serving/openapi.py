"""The OpenAPI 3.1 document, made from the table of routes and the pydantic models."""

import inspect
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from serving.instantsearch.models import ClientProblem
from serving.instantsearch.speaking import PREFIX
from serving.keys.access import KEY_HEADER
from serving.keys.grant import Need
from serving.problems import CONTENT_TYPE, ProblemAnswer
from serving.reference.examples import EXAMPLES, Example
from serving.routes.route import Parameter, Route

JSON = "application/json"
REF = "#/components/schemas/{model}"
MEANINGS = {
    400: "The request is wrong, and why",
    401: "A key is missing, not known, or not valid any more",
    403: "The key may not do this, or nobody may from here",
    404: "There is no such thing",
    408: "The body came too slowly",
    409: "Something newer stands against it",
    410: "It is older than what the log keeps",
    413: "The request is larger than its limit",
    415: "The body is of another kind than is taken here",
    429: "Too much waits already, or this key or address asks too often: come back after Retry-After seconds",
    503: "A part is away for now: come back after Retry-After seconds",
}
ENTRY = (401, 403, 429)
"""Any route that needs a key may answer so."""
SCHEMES: dict[str, dict[str, Any]] = {
    "bearer": {"type": "http", "scheme": "bearer"},
    "key": {"type": "apiKey", "in": "header", "name": KEY_HEADER},
}
Refs = dict[tuple[Any, str], dict[str, Any]]
"""References to the schemas, by (model, mode)."""


def document(routes: tuple[Route, ...], version: str) -> dict[str, Any]:
    """The whole document as plain JSON values."""
    refs, schemas = _schemas(routes)
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, refs)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Freshet",
            "version": version,
            "description": "Catalogue events in, fresh search results out. docs/api.md has examples.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": SCHEMES,
        },
    }


def _schemas(routes: tuple[Route, ...]) -> tuple[Refs, dict[str, Any]]:
    wanted: dict[tuple[type[BaseModel], JsonSchemaMode], None] = {
        (ProblemAnswer, "serialization"): None,
        (ClientProblem, "serialization"): None,
    }
    for route in routes:
        wanted.update(dict.fromkeys((model, "validation") for model in route.request))
        if not isinstance(route.answer, str):
            wanted[(route.answer, "serialization")] = None
    refs, schemas = models_json_schema(list(wanted), ref_template=REF)
    by_model: Refs = {(model, mode): ref for (model, mode), ref in refs.items()}
    return by_model, schemas.get("$defs", {})


def _operation(route: Route, refs: Refs) -> dict[str, Any]:
    example = EXAMPLES.get(f"{route.method} {route.path}", Example())
    operation: dict[str, Any] = {
        "operationId": route.handler.__name__,
        "summary": route.summary,
        "responses": {str(s): _good(route, refs) for s in (route.status, *route.also)}
        | {str(s): _bad(route, s, refs) for s in _problems(route)},
    }
    if example.answer is not None:
        operation["responses"][str(route.status)]["content"][JSON]["example"] = example.answer
    if words := inspect.getdoc(route.handler):
        operation["description"] = words
    if route.parameters:
        operation["parameters"] = [_parameter(parameter, example) for parameter in route.parameters]
    if route.request:
        models = [refs[(model, "validation")] for model in route.request]
        schema = models[0] if len(models) == 1 else {"oneOf": models}
        operation["requestBody"] = {"required": True, "content": {k: {"schema": schema} for k in route.request_types}}
        if example.body is not None:
            operation["requestBody"]["content"][route.request_types[0]]["example"] = example.body
    if route.scope != "public":
        operation["security"] = [{scheme: _scopes(route.scope)} for scheme in SCHEMES]
    return operation


def _scopes(need: Need) -> list[str]:
    return [] if need == "any" else [need]


def _problems(route: Route) -> list[int]:
    return sorted({*route.problems, *(() if route.scope == "public" else ENTRY)})


def _good(route: Route, refs: Refs) -> dict[str, Any]:
    if isinstance(route.answer, str):
        return {"description": route.summary, "content": {route.answer: {"schema": {"type": "string"}}}}
    schema = refs[(route.answer, "serialization")]
    return {"description": _first_line(route.answer), "content": {JSON: {"schema": schema}}}


def _bad(route: Route, status: int, refs: Refs) -> dict[str, Any]:
    for_clients = route.path.startswith(PREFIX)
    kind, model = (JSON, ClientProblem) if for_clients else (CONTENT_TYPE, ProblemAnswer)
    return {"description": MEANINGS[status], "content": {kind: {"schema": refs[(model, "serialization")]}}}


def _parameter(parameter: Parameter, example: Example) -> dict[str, Any]:
    described = {
        "name": parameter.name,
        "in": parameter.place,
        "required": parameter.place == "path",
        "description": parameter.meaning,
        "schema": {"type": parameter.kind},
    }
    value = example.parameters.get(parameter.name)
    return described if value is None else described | {"example": value}


def _first_line(model: type[BaseModel]) -> str:
    own = model.__doc__  # not inspect.getdoc, which goes on to the words of BaseModel
    return inspect.cleandoc(own).splitlines()[0] if own else model.__name__
