"""The OpenAPI document: every route is in it, and it holds together."""

import re
from collections.abc import Iterator
from typing import Any

from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from schemas.sessions import SessionClick
from serving.app import ROUTES
from serving.instantsearch.models import ClientProblem
from serving.problems import ProblemAnswer
from tests.unit.serving.fakes import FakeShard, Tier, hit


async def document(tier: Tier) -> dict[str, Any]:
    found: dict[str, Any] = await (await tier.client.get("/openapi.json")).json()
    return found


def refs(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for value in node.values():
            yield from refs(value)
    elif isinstance(node, list):
        for value in node:
            yield from refs(value)


async def test_every_route_of_the_application_is_in_it_and_nothing_else() -> None:
    async with Tier() as tier:
        served = set()
        assert tier.client.app is not None
        for route in tier.client.app.router.routes():
            assert route.resource is not None
            served.add((route.method, route.resource.canonical))
        described = {
            (method.upper(), path) for path, item in (await document(tier))["paths"].items() for method in item
        }
        assert described == served == {(route.method, route.path) for route in ROUTES}


async def test_it_is_sound() -> None:
    async with Tier() as tier:
        found = await document(tier)
    assert found["openapi"] == "3.1.0"
    schemas = found["components"]["schemas"]
    for schema in schemas.values():
        Draft202012Validator.check_schema(schema)
    names = {f"#/components/schemas/{name}" for name in schemas}
    assert set(refs(found)) <= names
    operations = [operation for item in found["paths"].values() for operation in item.values()]
    assert len({operation["operationId"] for operation in operations}) == len(operations)
    for path, item in found["paths"].items():
        for operation in item.values():
            stated = {p["name"] for p in operation.get("parameters", []) if p["in"] == "path"}
            assert stated == set(re.findall(r"{(\w+)}", path))
            assert all(answer["description"] for answer in operation["responses"].values())


async def session_answer(tier: Tier) -> object:
    await tier.wiring.sessions.count(1, [SessionClick("s", "a", "view", 0, 0)], 0)
    return await (await tier.client.get("/v1/sessions/s")).json()


async def test_real_answers_are_as_described() -> None:
    async with Tier([[FakeShard(hits=[hit("a")])]]) as tier:
        found = await document(tier)
        answers = {
            "SearchResponse": await tier.search(text="lamp", explain=True),
            "EventsAnswer": await (await tier.client.delete("/v1/catalog/a")).json(),
            "Freshness": await (await tier.client.get("/v1/freshness")).json(),
            "SessionAnswer": await session_answer(tier),
            "Forgotten": await (await tier.client.delete("/v1/sessions/s")).json(),
            "Status": await (await tier.client.get("/v1/status")).json(),
            "EventStatus": await (await tier.client.get("/v1/events/1-0-0")).json(),
            ProblemAnswer.__name__: await (await tier.client.get("/nope")).json(),
            ClientProblem.__name__: await (await tier.client.get("/1/indexes/nope/settings")).json(),
        }
    for name, answer in answers.items():
        schema = {"$ref": f"#/components/schemas/{name}", "components": found["components"]}
        Draft202012Validator(schema).validate(answer)


async def test_errors_below_1_are_those_of_algolias_clients() -> None:
    async with Tier() as tier:
        paths = (await document(tier))["paths"]
    for path, kind in (("/1/indexes/{index}/query", "application/json"), ("/v1/search", "application/problem+json")):
        assert list(paths[path]["post"]["responses"]["400"]["content"]) == [kind]


async def test_routes_say_which_scope_they_need() -> None:
    async with Tier() as tier:
        found = await document(tier)
    for route in ROUTES:
        operation = found["paths"][route.path][route.method.lower()]
        scopes = [] if route.scope == "any" else [route.scope]
        wanted = None if route.scope == "public" else [{"bearer": scopes}, {"key": scopes}]
        assert operation.get("security") == wanted
        assert ({"401", "403", "429"} <= set(operation["responses"])) == (route.scope != "public")


async def test_not_ready_is_described_with_the_model_that_comes() -> None:
    async with Tier([[FakeShard(ready=False)]]) as tier:
        found = await document(tier)
        response = await tier.client.get("/readyz")
        answer = await response.json()
    assert (response.status, answer["ready"]) == (503, False)
    described = found["paths"]["/readyz"]["get"]["responses"]["503"]["content"]["application/json"]["schema"]
    Draft202012Validator({**described, "components": found["components"]}).validate(answer)


async def test_reasons_are_looked_up_where_they_stand() -> None:
    async with Tier() as tier:
        schemas = (await document(tier))["components"]["schemas"]
    for schema, field in (("EventStatus", "reason"), ("EventError", "code")):
        assert "docs/events.md" in schemas[schema]["properties"][field]["description"]
