"""What is sent to repeat a refused event, and what is not."""

import orjson
import pytest

from schemas.events import decode_event
from schemas.records import EventId
from serving.letters.original import CannotReplay, event_id_of, original_event, replay_event
from tests.unit.serving.fakes import FakeReader
from tests.unit.serving.letters.made import EVENT, letter


def test_a_replay_is_the_original_with_replay_of() -> None:
    event = replay_event(letter(), EVENT, EventId(1, 0, 0), "a")
    assert orjson.loads(event) == {"type": "upsert", "sku": "a", "title": "A", "replay_of": "1-0-0"}
    decode_event(event)


def test_a_replay_of_a_replay_names_the_first_event() -> None:
    again = replay_event(letter(), EVENT[:-1] + b',"replay_of":"1-0-0"}', EventId(1, 0, 8), "a")
    assert orjson.loads(again)["replay_of"] == "1-0-0"
    refused_later = replay_event(letter(stage="embed"), EVENT[:-1] + b',"replay_of":"1-0-0"}', EventId(1, 0, 8), "a")
    assert orjson.loads(refused_later)["replay_of"] == "1-0-8"


@pytest.mark.parametrize("value", [b"{cut", b"[]", b'{"type":"upsert","sku":"a"}', b""])
def test_what_would_be_refused_again_is_not_sent(value: bytes) -> None:
    with pytest.raises(CannotReplay, match="would be refused again") as caught:
        replay_event(letter(value), value, EventId(1, 0, 0), "a")
    assert "freshet dlq fix" in caught.value.hint


def test_a_letter_is_not_mended_to_another_product() -> None:
    with pytest.raises(CannotReplay, match="is of the product 'a', not of 'b'"):
        replay_event(letter(), b'{"type":"upsert","sku":"b","title":"B"}', EventId(1, 0, 0), "a")


async def test_the_original_of_a_later_stage_comes_from_the_catalogue() -> None:
    log = FakeReader()
    await log.send("catalog", b"a", EVENT, 0)
    failed = letter(b"a contents record", topic="contents", offset=5)
    assert original_event(failed, log, 1) == EVENT
    assert original_event(letter(), log, 1) == EVENT
    assert original_event(letter(EVENT[:9], value_bytes=len(EVENT)), log, 1) == EVENT
    with pytest.raises(CannotReplay, match="no longer kept"):
        original_event(letter(topic="contents", event_id="1-0-7"), log, 1)
    with pytest.raises(CannotReplay, match="names no catalogue event"):
        event_id_of(letter(topic="contents", event_id=""), 1)
    with pytest.raises(CannotReplay, match="is a click"):
        event_id_of(letter(topic="clicks", event_id="", stage="session"), 1)


def test_a_catalogue_letter_without_event_id_is_its_place_in_the_log() -> None:
    assert event_id_of(letter(event_id="", partition=2, offset=9), 1) == EventId(1, 2, 9)
