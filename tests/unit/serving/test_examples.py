"""The example of each route: it fits the models, and its curl command gets the answer that is promised."""

import shlex
from base64 import b64encode
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from schemas.sessions import SessionClick
from serving.app import ROUTES
from serving.openapi import document
from serving.reference.curl import SERVER, curl
from serving.reference.examples import EXAMPLES
from serving.reference.pretty_json import WIDTH, pretty
from serving.reference.schema_words import words
from serving.routes.route import Route
from tests.unit.serving.fakes import FakeShard, Tier, hit
from tests.unit.serving.letters.made import letter

LAMP = b'{"type":"upsert","sku":"lamp-1","title":"Lamp"}'
REFUSED = letter(LAMP, key=b64encode(b"lamp-1").decode(), sku="lamp-1")
API = document(ROUTES, "0.0.0")


def operation(route: Route) -> dict[str, Any]:
    found: dict[str, Any] = API["paths"][route.path][route.method.lower()]
    return found


def validate(value: Any, schema: dict[str, Any]) -> None:
    Draft202012Validator({**schema, "components": API["components"]}).validate(value)


def test_every_route_has_one() -> None:
    assert set(EXAMPLES) == {f"{route.method} {route.path}" for route in ROUTES}


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_it_is_as_described(route: Route) -> None:
    described, example = operation(route), EXAMPLES[f"{route.method} {route.path}"]
    assert {parameter.name for parameter in route.parameters if parameter.place == "path"} <= set(example.parameters)
    if route.request and route.method == "POST":
        content = described["requestBody"]["content"][route.request_types[0]]
        validate(content["example"], content["schema"])
    if not isinstance(route.answer, str):
        content = described["responses"][str(route.status)]["content"]["application/json"]
        validate(content["example"], content["schema"])


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
async def test_its_command_gets_a_good_answer(route: Route) -> None:
    command = shlex.split(curl(route.method, route.path, operation(route)).replace("\\\n", ""))
    assert command[0] == "curl"
    url = next(word for word in command if word.startswith(SERVER))
    method = command[command.index("-X") + 1] if "-X" in command else "POST" if "-d" in command else "GET"
    headers = dict([command[command.index("-H") + 1].split(": ", 1)]) if "-H" in command else {}
    body = command[command.index("-d") + 1] if "-d" in command else None
    lamp = hit("lamp-1")
    shard = FakeShard(hits=[lamp], skus={"lamp-1": {"hit": lamp.model_dump(mode="json")}})
    async with Tier([[shard]]) as tier:
        await tier.client.patch("/v1/catalog/lamp-1", json={"stock": 1})  # the event 1-0-0
        tier.log.send("dead-letters", b"lamp-1", REFUSED.encode(), 0)
        await tier.wiring.sessions.count(1, [SessionClick("7f0c2b", "lamp-1", "click", 7, 0)], 0)
        response = await tier.client.request(method, url.removeprefix(SERVER), data=body, headers=headers)
        assert (method, response.status) == (route.method, route.status), await response.text()


def test_pretty_json_breaks_only_what_is_long() -> None:
    assert pretty({"a": 1}) == '{"a": 1}'
    long = {"a": "x" * WIDTH, "b": [1, 2]}
    assert pretty(long).splitlines() == ["{", f' "a": "{"x" * WIDTH}",', ' "b": [1, 2]', "}"]


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        ({"type": "integer", "minimum": 1, "maximum": 1000}, "integer (1 to 1,000)"),
        ({"type": "number", "exclusiveMinimum": 0.5}, "number (more than 0.5)"),
        ({"anyOf": [{"type": "string", "maxLength": 9}, {"type": "null"}]}, "text (at most 9 characters) or null"),
        ({"type": "array", "minItems": 1, "items": {"$ref": "#/x/Hit"}}, "list (not empty) of Hit"),
        ({"enum": ["a", "b"]}, "`a`, `b`"),
        ({"const": True}, "`true`"),
        ({"type": "array", "prefixItems": [{"type": "integer"}]}, "list [integer]"),
        ({"type": "object", "additionalProperties": {"type": "boolean"}}, "object of true or false"),
        ({}, "anything"),
    ],
)
def test_schemas_in_words(schema: dict[str, Any], said: str) -> None:
    assert words(schema) == said
