"""What `freshet shard rebuild` does: a running replica is built anew now; of a stopped shard only the state goes."""

import os
import time
from functools import partial
from pathlib import Path
from typing import Any

from freshet.exit_codes import OK
from freshet.http_page import look
from freshet.printing import print_json, print_lines, say
from freshet.remedies import shard_name
from freshet.run_restart import restart, wait_until
from freshet.running import data_folder, supervisor_alive
from freshet.runtime.ports import LOOPBACK
from freshet.runtime.stack_state import ChildState, StackState, read_state
from index_snapshots.folder import remove_state, replica_folder, shard_folder
from index_snapshots.set_aside import ask_rebuild
from schemas.errors import FreshetError, InvalidRequest
from schemas.settings import ServingSettings, ShardSettings, read


def rebuild(partition: int, replica: int, from_log: bool, data: Path | None, as_json: bool) -> int:
    its_data = data_folder(data, os.environ)
    state = read_state(its_data)
    running = state if state is not None and supervisor_alive(state) else None
    generation = running.generation if running else read(ShardSettings, os.environ).generation
    folder = shard_folder(replica_folder(its_data, replica), generation, partition)
    if not folder.is_dir():
        raise InvalidRequest("no_shard", f"there is no shard in {folder}", hint="freshet status shows the data folder")
    if running is None:
        return _of_stopped(folder, from_log, as_json)
    return _of_running(running, its_data, folder, partition, replica, from_log, as_json)


def _of_stopped(folder: Path, from_log: bool, as_json: bool) -> int:
    removed = remove_state(folder, from_log=from_log)
    where = "the log" if from_log else "the snapshot store, else from the log,"
    if as_json:
        print_json({"folder": str(folder), "removed": removed})
    else:
        print_lines([f"{removed} files removed from {folder}; the shard is built from {where} at its next start"])
    return OK


def _of_running(
    state: StackState, data: Path, folder: Path, partition: int, replica: int, from_log: bool, as_json: bool
) -> int:
    """Returns when the replica is live and holds what the others hold."""
    began_s, key = time.monotonic(), read(ServingSettings, os.environ).admin_key
    child = process_of(state, partition, replica)
    if state.replicas == 1:
        say(f"there is no other replica: nothing of shard {partition} is found until it is built")
    ask_rebuild(folder, "log" if from_log else "store")
    restart(data, state.url, key, [child])
    what = f"{shard_name(partition, replica)} holds what the others hold"
    wait_until(partial(is_equal, state, key, partition, replica), what, child)
    took_s = round(time.monotonic() - began_s, 2)
    aside = str(folder.parent.parent / "set-aside")
    if as_json:
        print_json({"folder": str(folder), "process": child.name, "took_s": took_s, "set_aside": aside})
    else:
        print_lines([f"{what}, after {took_s:.1f} s; what it held before is in {aside}"])
    return OK


def process_of(state: StackState, partition: int, replica: int) -> ChildState:
    """The shard process that has it. Raises FreshetError when none says so."""
    for child in state.children:
        if child.name.split("-")[0] == "shard":
            facts = look(f"http://{LOOPBACK}:{child.port}", "/healthz").body
            if facts.get("replica") == replica and partition in (facts.get("partitions") or ()):
                return child
    raise FreshetError(
        f"no process says that it has {shard_name(partition, replica)}", hint="freshet status shows what runs"
    )


def is_equal(state: StackState, key: str, partition: int, replica: int) -> bool:
    """Whether the tier finds nothing wrong with it, and it was compared with another replica where there is one."""
    page = look(state.url, "/v1/status", key)
    if page.status != 200:
        return False
    body = page.body
    wrong = any(one["partition"] == partition and one["replica"] == replica for one in body.get("faulty", []))
    differs = any(one["partition"] == partition for one in body.get("differing", []))
    shards = {
        one["state"]["replica"]: one for one in body.get("replicas", []) if one["state"]["partition"] == partition
    }
    mine = shards.pop(replica, None)
    if mine is None or not mine["ready"] or wrong or differs:
        return False
    others = [one for one in shards.values() if one["ready"]]
    return not others or any(compared(mine, other) for other in others)


def compared(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether both say that they hold the same at the same place, in products and in offers."""
    return all(
        bool(points(one, topic).items() & points(other, topic).items())
        or one[f"digest_{topic}"] == other[f"digest_{topic}"]
        for topic in ("documents", "offers")
    )


def points(one: dict[str, Any], topic: str) -> dict[int, str]:
    """Digests by offset, from where they are those of any replica."""
    live = one.get("live_from") or {}
    return {
        point["offset"]: point["digest"]
        for point in one["checkpoints"][topic]
        if topic in live and point["offset"] >= live[topic]
    }
