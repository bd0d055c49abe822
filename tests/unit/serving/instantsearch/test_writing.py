"""Records of an indexer become catalogue events, and what was written can be asked after."""

from typing import Any

import orjson
import pytest

from schemas.errors import InvalidRequest
from schemas.facets import parse_facets
from schemas.instantsearch import parse_names
from schemas.limits import READ_EVENTS_MAX
from schemas.records import EventId
from serving.instantsearch.batches import BATCH_MAX
from serving.instantsearch.fields import Fields
from serving.instantsearch.records import record_of
from serving.instantsearch.tasks import KEPT_MAX, NUMBER_MAX, PARTITIONS_MAX, Tasks
from serving.instantsearch.writing import NESTED_MAX, Writer
from streams.reader import LogRecord
from tests.unit.serving.fakes import FakeReader, FakeShard, Tier, hit, outcome, state

FIELDS = Fields(parse_names(["name=title", "photo=image", "cat=category_levels"]), parse_facets([]))
WRITER = Writer(FIELDS, "EUR")
BASE = {"type": "upsert", "sku": "a", "title": "Lamp", "attributes": {}}


@pytest.mark.parametrize(
    ("record", "more"),
    [
        ({}, {}),
        ({"title": "Other"}, {}),
        ({"price": 19.990001}, {"price": {"amount": 19.99, "currency": "EUR"}}),
        ({"price": 5, "currency": "USD"}, {"price": {"amount": 5.0, "currency": "USD"}}),
        ({"price": {"amount": 5, "currency": "USD"}}, {"price": {"amount": 5, "currency": "USD"}}),
        ({"price": None, "brand": None}, {}),
        ({"in_stock": False}, {"availability": "out_of_stock"}),
        ({"in_stock": False, "stock": 3}, {"stock": 3}),
        ({"in_stock": True, "availability": "preorder"}, {"availability": "preorder"}),
        ({"photo": "a.png"}, {"image_urls": ["a.png"]}),
        ({"images": ["a.png", "b.png"], "image": "c.png"}, {"image_urls": ["a.png", "b.png"]}),
        ({"category": ["Home", "Lamps"]}, {"category": ["Home", "Lamps"]}),
        ({"category": "Home > Lamps"}, {"category": ["Home", "Lamps"]}),
        ({"cat": {"lvl0": "Home", "lvl1": "Home > Lamps", "lvl2": None}}, {"category": ["Home", "Lamps"]}),
        ({"hierarchicalCategories": {"lvl0": ["Home"], "lvl1": ["Home > Lamps"]}}, {"category": ["Home", "Lamps"]}),
        ({"hierarchicalCategories": {}}, {}),
        ({"colour": "red", "sizes": ["S", None, "M"]}, {"attributes": {"colour": "red", "sizes": ["S", "M"]}}),
        ({"specs": {"watts": 5, "led": True}}, {"attributes": {"specs.watts": 5, "specs.led": True}}),
        (
            {"variants": [{"size": "S", "n": 1}, {"size": "M", "n": None}]},
            {"attributes": {"variants.size": ["S", "M"], "variants.n": [1]}},
        ),
        ({"none": None, "objectID": "x", "_highlightResult": {"a": 1}, "sku": "s"}, {"attributes": {"sku": "s"}}),
    ],
)
def test_a_record_is_a_product(record: dict[str, Any], more: dict[str, Any]) -> None:
    assert WRITER.upsert("a", {"name": "Lamp", **record}) == BASE | more


def test_what_was_read_may_be_written_again() -> None:
    content = hit("a").content.model_copy(
        update={"category": ["Home", "Lamps"], "image_urls": ["a.png"], "attributes": {"a.b": 1, "c": ["x"]}}
    )
    event = WRITER.upsert("a", record_of(hit("a").model_copy(update={"content": content}), FIELDS))
    assert event == {
        "type": "upsert",
        "sku": "a",
        "title": "A lamp",
        "brand": "Lumen",
        "category": ["Home", "Lamps"],
        "price": {"amount": 9.5, "currency": "EUR"},
        "stock": 3,
        "image_urls": ["a.png"],
        "attributes": {"a.b": 1, "c": ["x"]},
    }


def test_some_attributes_are_a_patch() -> None:
    assert WRITER.patch("a", {"objectID": "a", "price": 7.5, "colour": None, "stock": 0}) == {
        "type": "patch",
        "sku": "a",
        "price": {"amount": 7.5, "currency": "EUR"},
        "stock": 0,
        "attributes": {"colour": None},
    }
    assert WRITER.patch("a", {"price": None, "category": None}) == {
        "type": "patch",
        "sku": "a",
        "price": None,
        "category": None,
    }


def deep(levels: int) -> dict[str, Any]:
    return {"x": deep(levels - 1) if levels > 1 else 1}


@pytest.mark.parametrize(
    ("record", "why"),
    [
        ({}, "title"),
        ({"name": "x", "price": "9.99"}, "price: '9.99' is not a number"),
        ({"name": "x", "price": True}, "not a number"),
        ({"name": "x", "price": -1}, "price"),
        ({"name": "x", "brand": 5}, "brand"),
        ({"name": "x", "category": 5}, "category"),
        ({"name": "x", "stock": 1.5}, "stock"),
        ({"name": "x", "mixed": ["a", 1]}, "mixed"),
        ({"name": "x", "deep": deep(NESTED_MAX + 1)}, "5 deep"),
    ],
)
def test_what_is_wrong_is_said_with_its_record(record: dict[str, Any], why: str) -> None:
    with pytest.raises(InvalidRequest, match=f"objectID 'a': .*{why}"):
        WRITER.upsert("a", record)


def test_objects_may_stand_so_deep() -> None:
    assert WRITER.upsert("a", {"name": "x", "deep": deep(NESTED_MAX)})["attributes"] == {"deep" + ".x" * NESTED_MAX: 1}


def test_without_a_currency_a_price_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="FRESHET_INSTANTSEARCH_CURRENCY"):
        Writer(FIELDS, "").upsert("a", {"name": "x", "price": 5})


def test_a_change_that_depends_on_what_is_there_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="'Increment' is not supported"):
        WRITER.patch("a", {"stock": {"_operation": "Increment", "value": 1}})


def test_a_number_of_a_task_tells_its_last_event() -> None:
    tasks = Tasks(3)
    last = EventId(3, PARTITIONS_MAX - 1, 2**43 - 2)
    number = tasks.begun(["3-0-5", str(last)])
    assert number <= NUMBER_MAX and tasks.events(number) == ["3-0-5", str(last)]
    assert Tasks(3).events(number) == [str(last)]  # another tier
    assert tasks.events(0) == []
    many = [f"3-0-{at}" for at in range(READ_EVENTS_MAX + 1)]
    assert tasks.events(tasks.begun(many)) == many[1:]


def test_so_many_tasks_are_remembered() -> None:
    tasks = Tasks(1)
    first = tasks.begun(["1-0-0", "1-1-0"])
    for at in range(1, KEPT_MAX):
        tasks.begun([f"1-0-{at}", f"1-1-{at}"])
    assert len(tasks.events(first)) == 2
    tasks.begun(["1-0-9999", "1-1-9999"])
    assert len(tasks.events(first)) == 1


async def write(tier: Tier, method: str, path: str, body: Any = None, status: int = 200, **headers: str) -> Any:
    data = None if body is None else orjson.dumps(body)
    response = await tier.client.request(method, path, data=data, headers={"Content-Type": "text/plain", **headers})
    assert response.status == status, await response.text()
    return await response.json()


def events(tier: Tier) -> list[dict[str, Any]]:
    return [orjson.loads(one.value or b"") for records in tier.log.read("catalog", 0, 0) for one in records]


async def test_every_form_of_a_write_reaches_the_log() -> None:
    async with Tier(instantsearch_currency="EUR") as tier:
        batch = [
            {"action": "addObject", "body": {"objectID": 7, "name": "Lamp"}},
            {"action": "updateObject", "body": {"objectID": "b", "name": "Mug"}},
            {"action": "partialUpdateObject", "body": {"objectID": "b", "price": 3}},
            {"action": "partialUpdateObjectNoCreate", "body": {"objectID": "b", "stock": 1}},
            {"action": "deleteObject", "body": {"objectID": "c"}},
        ]
        found = await write(tier, "POST", "/1/indexes/products/batch", {"requests": batch})
        assert found == {"taskID": 4 * PARTITIONS_MAX + 1, "objectIDs": ["7", "b", "b", "b", "c"]}
        several = [{**batch[1], "indexName": "products"}]
        found = await write(tier, "POST", "/1/indexes/*/batch", {"requests": several})
        assert found["taskID"] == {"products": 5 * PARTITIONS_MAX + 1}
        found = await write(tier, "POST", "/1/indexes/products", {"name": "New"}, 201)
        assert found["objectID"] and found["createdAt"].endswith("+00:00")
        await write(tier, "PUT", "/1/indexes/products/d%2Fe", {"name": "Whole", "objectID": "d/e"})
        await write(tier, "POST", "/1/indexes/products/b/partial?createIfNotExists=false", {"brand": "Clay"})
        await write(tier, "DELETE", "/1/indexes/products/b")
        assert await write(tier, "POST", "/1/indexes/products/batch", {"requests": []}) == {
            "taskID": 0,
            "objectIDs": [],
        }
        kinds = [(one["type"], one["sku"]) for one in events(tier)]
    assert kinds[:6] == [
        ("upsert", "7"),
        ("upsert", "b"),
        ("patch", "b"),
        ("patch", "b"),
        ("delete", "c"),
        ("upsert", "b"),
    ]
    assert kinds[7:] == [("upsert", "d/e"), ("patch", "b"), ("delete", "b")]


@pytest.mark.parametrize(
    ("path", "body", "status", "why"),
    [
        ("/1/indexes/products/batch", {"requests": [{"action": "clear"}]}, 400, "'clear' is not supported"),
        ("/1/indexes/products/batch", {"requests": [{"action": "deleteObject"}]}, 400, "objectID is missing"),
        ("/1/indexes/products/batch", {"requests": [{"action": "addObject", "body": 3}]}, 400, "must be an object"),
        ("/1/indexes/products/batch", {"requests": [{}] * (BATCH_MAX + 1)}, 400, "at most 10000"),
        ("/1/indexes/products_tmp_1/batch", {"requests": []}, 404, "does not exist"),
        ("/1/indexes/*/batch", {"requests": [{"action": "addObject"}]}, 404, "does not exist"),
        ("/1/indexes/products", {"objectID": ["x"], "name": "x"}, 400, "neither"),
    ],
)
async def test_what_cannot_be_written_is_refused(path: str, body: Any, status: int, why: str) -> None:
    async with Tier() as tier:
        assert why in (await write(tier, "POST", path, body, status))["message"]
        assert events(tier) == []


async def test_of_a_batch_all_or_nothing_is_taken() -> None:
    good, bad = ({"action": "addObject", "body": {"objectID": "a", **one}} for one in ({"name": "x"}, {}))
    async with Tier() as tier:
        found = await write(tier, "POST", "/1/indexes/products/batch", {"requests": [good, bad]}, 400)
        assert "objectID 'a': title" in found["message"] and events(tier) == []


async def test_web_pages_do_not_write() -> None:
    async with Tier() as tier:
        for method, path in (("POST", "/1/indexes/products/batch"), ("DELETE", "/1/indexes/products/a")):
            found = await write(tier, method, path, {"requests": []}, 403, Origin="https://evil.example")
            assert "web pages" in found["message"]
        assert events(tier) == []


async def test_a_task_is_published_once_searches_show_it() -> None:
    shard = FakeShard(state(documents=0, offers=0))
    async with Tier([[shard]]) as tier:
        number = (await write(tier, "PUT", "/1/indexes/products/a", {"name": "x"}))["taskID"]
        address = f"/1/indexes/products/task/{number}"
        assert await write(tier, "GET", address) == {"status": "notPublished", "pendingTask": True}
        decided = outcome("1-0-0", "dead-lettered")
        tier.wiring.outcomes.add([LogRecord("outcomes", 0, 0, b"1-0-0", decided.encode(), 5)])
        assert await write(tier, "GET", address) == {"status": "published", "pendingTask": False}
        assert (await write(tier, "GET", "/1/indexes/products/task/0"))["status"] == "published"
        assert "whole number" in (await write(tier, "GET", "/1/indexes/products/task/x", status=400))["message"]


async def test_kafka_that_is_away_is_a_503_that_says_to_send_it_again() -> None:
    class Away(FakeReader):
        def send(self, *args: Any, **kwargs: Any) -> Any:
            from schemas.errors import Unavailable

            raise Unavailable("Kafka does not answer")

    async with Tier(producer=Away()) as tier:
        found = await write(tier, "PUT", "/1/indexes/products/a", {"name": "x"}, 503)
        assert "Kafka does not answer" in found["message"]
