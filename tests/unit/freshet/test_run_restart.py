"""What is restarted and in which order; when a replica is known to be back, and equal to the others."""

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from freshet.run_rebuild import compared, process_of
from freshet.run_restart import choose, hand_over, known_to_be_ready, running_state, wait_until
from freshet.runtime.ports import free_port
from freshet.runtime.processes import identity
from freshet.runtime.stack_state import ChildState, StackState, write_state
from schemas.errors import FreshetError, InvalidRequest, Unavailable

NAMES = ("kafka", "redis", "topics", "model", "catalog", "embed", "shard-0", "shard-1", "session", "serving", "demo")
STACK = StackState(state="ready", children=[ChildState(name=name, state="ready", port=1) for name in NAMES])


def chosen(*names: str, rolling: bool = True) -> list[str]:
    return [child.name for child in choose(STACK, names, rolling)]


def test_rolling_takes_shards_by_replica_first_and_leaves_what_nobody_else_can_do() -> None:
    assert chosen() == ["shard-0", "shard-1", "catalog", "embed", "session"]
    handing = [child.model_copy(update={"hands_over": child.name == "serving"}) for child in STACK.children]
    again = choose(STACK.model_copy(update={"children": handing}), (), True)
    assert [child.name for child in again] == ["shard-0", "shard-1", "catalog", "embed", "session", "serving"]
    assert chosen(rolling=False) == ["shard-0", "shard-1", "catalog", "embed", "session", "serving"]


def test_only_those_that_are_named() -> None:
    assert chosen("serving", "embed", "shard-1") == ["shard-1", "embed", "serving"]


@pytest.mark.parametrize("name", ["kafka", "redis", "model", "demo", "shard", "shard-2"])
def test_what_is_no_worker_is_refused(name: str) -> None:
    with pytest.raises(InvalidRequest, match=name) as raised:
        chosen(name)
    assert "shard-0, shard-1, catalog" in raised.value.hint


def test_nobody_would_start_again_what_is_ended(tmp_path: Path) -> None:
    with pytest.raises(Unavailable):
        running_state(tmp_path)
    write_state(tmp_path, StackState(state="ready", pid=os.getpid(), started="another boot/1"))
    with pytest.raises(Unavailable):
        running_state(tmp_path)


def test_without_a_tier_a_process_that_is_ready_is_back() -> None:
    assert known_to_be_ready(f"http://127.0.0.1:{free_port()}", "", 9)


def test_a_new_process_that_does_not_become_ready_is_an_error_that_says_who_goes_on(tmp_path: Path) -> None:
    tier = ChildState(name="serving", state="ready", pid=1, started="one", hands_over=True)
    state = StackState(state="ready", pid=os.getpid(), started=identity(os.getpid()), children=[tier])
    asked: list[int] = []

    def failed(number: int, frame: object) -> None:
        asked.append(number)
        write_state(tmp_path, state.model_copy(update={"children": [tier.model_copy(update={"takeovers_failed": 1})]}))

    before = signal.signal(signal.SIGUSR1, failed)
    try:
        with pytest.raises(FreshetError, match="did not become ready; the one before it goes on"):
            hand_over(tmp_path, state, [tier])
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert asked == [signal.SIGUSR1]
    with pytest.raises(Unavailable):
        hand_over(tmp_path, state.model_copy(update={"started": "another boot/1"}), [tier])


def test_one_that_does_not_come_back_is_named() -> None:
    with pytest.raises(FreshetError, match="not within 0 s: it is there") as raised:
        wait_until(lambda: False, "it is there", STACK.children[6], limit_s=0)
    assert raised.value.hint == "see: freshet logs shard-0"


def replica(documents: dict[int, str], offers: dict[int, str], now: str, live: int | None = 0) -> dict[str, Any]:
    points = {"documents": documents, "offers": offers}
    return {
        "digest_documents": now,
        "digest_offers": now,
        "live_from": None if live is None else {"documents": live, "offers": live},
        "checkpoints": {
            topic: [{"offset": offset, "digest": digest} for offset, digest in at.items()]
            for topic, at in points.items()
        },
    }


def test_replicas_are_compared_where_both_were() -> None:
    one = replica({5: "a", 10: "b"}, {5: "x"}, "now")
    assert compared(one, replica({10: "b"}, {5: "x"}, "later"))
    assert compared(one, replica({}, {}, "now")), "both stand at the end"
    assert not compared(one, replica({15: "c"}, {5: "x"}, "later")), "no common point of documents"
    assert not compared(one, replica({10: "b"}, {5: "x"}, "later", live=20)), "it had not caught up there"
    assert not compared(one, replica({10: "b"}, {5: "x"}, "later", live=None))


def test_a_shard_that_no_process_has_is_named() -> None:
    with pytest.raises(FreshetError, match="shard 3, replica 1"):
        process_of(StackState(state="ready"), 3, 1)
