"""Dead letters are read once each, and only what can succeed is sent again."""

import base64
import os
from pathlib import Path

import orjson
import pytest
from aiohttp.test_utils import TestServer

from freshet.dead_letters import CannotReplay, event_id_of, find_letter, original_event, read_letters, replay_event
from freshet.run_dlq import send_again
from freshet.runtime import processes
from freshet.runtime.stack_state import ChildState, StackState, write_state
from freshet.target import Target, find_target
from schemas.errors import FreshetError, Unavailable
from schemas.events import decode_event
from schemas.records import DeadLetter, EventId
from streams.memory import MemoryLog
from tests.unit.tools.fake_shop import FakeShop

EVENT = b'{"type":"upsert","sku":"a","title":"A"}'


def letter(value: bytes = EVENT, **changes: object) -> DeadLetter:
    facts: dict[str, object] = {
        "id": "catalog-0-0",
        "topic": "catalog",
        "partition": 0,
        "offset": 0,
        "key": base64.b64encode(b"a").decode(),
        "value": base64.b64encode(value).decode(),
        "value_bytes": len(value),
        "reason": "unexpected",
        "message": "it broke",
        "who": "operator",
        "stage": "catalog",
        "event_id": "1-0-0",
        "sku": "a",
        "received_ms": 1,
    }
    return DeadLetter.model_validate(facts | changes)


async def test_copies_count_once_and_unreadable_letters_are_told() -> None:
    log = MemoryLog()
    for value in (letter().encode(), b"?", letter().encode(), letter(id="catalog-0-1", reason="unknown_sku").encode()):
        await log.send("dead-letters", b"a", value, 0)
    unreadable: list[int] = []
    found = read_letters(log, 1, unreadable=lambda record: unreadable.append(record.offset))
    assert [letter.id for letter in found] == ["catalog-0-0", "catalog-0-1"]
    assert unreadable == [1]
    assert [letter.id for letter in read_letters(log, 1, "unknown_sku")] == ["catalog-0-1"]


async def test_a_letter_is_found_by_its_own_id_and_by_its_events() -> None:
    log = MemoryLog()
    await log.send("dead-letters", b"a", letter().encode(), 0)
    assert find_letter(log, 1, "catalog-0-0") == find_letter(log, 1, "1-0-0")
    with pytest.raises(FreshetError, match="no dead letter"):
        find_letter(log, 1, "catalog-0-9")


def test_a_replay_is_the_original_with_replay_of() -> None:
    event = replay_event(letter(), EVENT, EventId(1, 0, 0))
    assert orjson.loads(event) == {"type": "upsert", "sku": "a", "title": "A", "replay_of": "1-0-0"}
    decode_event(event)


def test_a_replay_of_a_replay_names_the_first_event() -> None:
    again = replay_event(letter(), EVENT[:-1] + b',"replay_of":"1-0-0"}', EventId(1, 0, 8))
    assert orjson.loads(again)["replay_of"] == "1-0-0"


@pytest.mark.parametrize("value", [b"{cut", b"[]", b'{"type":"upsert","sku":"a"}', b""])
def test_what_would_be_refused_again_is_not_sent(value: bytes) -> None:
    with pytest.raises(CannotReplay, match="would be refused again") as caught:
        replay_event(letter(value), value, EventId(1, 0, 0))
    assert "correct the product" in caught.value.hint


async def test_the_original_of_a_later_stage_comes_from_the_catalogue() -> None:
    log = MemoryLog()
    await log.send("catalog", b"a", EVENT, 0)
    failed = letter(b"a contents record", topic="contents", offset=5)
    assert original_event(failed, log, 1) == EVENT
    assert original_event(letter(), log, 1) == EVENT
    assert original_event(letter(EVENT[:9], value_bytes=len(EVENT)), log, 1) == EVENT
    with pytest.raises(CannotReplay, match="no longer kept"):
        original_event(letter(topic="contents", event_id="1-0-7"), log, 1)
    with pytest.raises(CannotReplay, match="names no catalogue event"):
        event_id_of(letter(topic="contents", event_id=""), 1)


def test_a_catalogue_letter_without_event_id_is_its_place_in_the_log() -> None:
    assert event_id_of(letter(event_id="", partition=2, offset=9), 1) == EventId(1, 2, 9)


async def test_sending_again_names_the_new_event_and_holds_back_patches_without_a_product(tmp_path: Path) -> None:
    shop = FakeShop()
    patch = b'{"type":"patch","sku":"gone","title":"B"}'
    orphan = letter(patch, id="catalog-0-1", reason="unknown_sku", sku="gone")
    async with TestServer(shop.app()) as server:
        target = Target(str(server.make_url("/")), "", "", 1, 1, tmp_path, 20.0, {}, {})
        done = await send_again(target, [(letter(), EVENT), (orphan, patch), (letter(id="catalog-0-2"), b"{cut")])
    assert [(one["id"], "event_id" in one) for one in done] == [
        ("catalog-0-1", False),
        ("catalog-0-0", True),
        ("catalog-0-2", False),
    ]
    assert set(shop.products) == {"a"}


def test_the_target_is_the_running_stack_or_the_address_that_was_given(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="no Freshet stack runs"):
        find_target("", tmp_path, {})
    given = find_target("http://shop.example/", tmp_path, {"FRESHET_ADMIN_KEY": "k", "FRESHET_PARTITIONS": "3"})
    assert (given.url, given.key, given.partitions) == ("http://shop.example", "k", 3)
    assert given.metrics_of("embed") == ()
    me = os.getpid()
    child = ChildState(name="embed", state="ready", pid=me, port=7)
    state = StackState(
        state="ready",
        pid=me,
        started=processes.identity(me),
        url="http://127.0.0.1:9",
        kafka="k:1",
        partitions=2,
        children=[child],
    )
    write_state(tmp_path, state)
    found = find_target("", tmp_path, {})
    assert (found.url, found.kafka, found.partitions) == ("http://127.0.0.1:9", "k:1", 2)
    assert found.metrics_of("embed") == ("http://127.0.0.1:7/metrics",)
    assert found.pids == {"embed": me}
