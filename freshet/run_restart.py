"""What `freshet restart` does: asks processes to end, and waits until the supervisor has them ready again."""

import os
import signal
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from freshet.exit_codes import OK
from freshet.http_page import look
from freshet.printing import print_json, say
from freshet.running import data_folder, supervisor_alive
from freshet.runtime import processes
from freshet.runtime.stack_state import ChildState, StackState, read_state
from schemas.errors import FreshetError, InvalidRequest, Unavailable
from schemas.settings import ServingSettings, read

READY_S_MAX = 120.0
"""A shard of a million products is back in seconds, from the log in minutes: then one looks for why."""
POLL_S = 0.1
KINDS = ("shard", "catalog", "embed", "session", "serving")
"""What may be restarted, in this order."""
WITHOUT_GAP = ("shard", "catalog", "embed", "session")
"""Searches go on without them, or by another replica. From each of the query tier a new process takes over."""


def run_restart(names: Sequence[str], rolling: bool, data: Path | None, as_json: bool) -> int:
    folder = data_folder(data, os.environ)
    state = running_state(folder)
    key = read(ServingSettings, os.environ).admin_key
    chosen = choose(state, names, rolling)
    began_s = time.monotonic()
    told: list[dict[str, Any]] = []
    if rolling:
        for child in chosen:
            told += [] if child.hands_over else restart(folder, state.url, key, [child])
        told += hand_over(folder, state, [child for child in chosen if child.hands_over])
    else:
        told = restart(folder, state.url, key, chosen)
    if as_json:
        print_json({"restarted": told, "took_s": round(time.monotonic() - began_s, 2)})
    return OK


def running_state(folder: Path) -> StackState:
    """Raises Unavailable when no supervisor runs there: nobody would start again what is ended."""
    state = read_state(folder)
    if state is None or not supervisor_alive(state):
        raise Unavailable(f"no Freshet stack runs on {folder}", hint="start one: freshet up")
    return state


def choose(state: StackState, names: Sequence[str], rolling: bool) -> list[ChildState]:
    """In the order in which they are restarted, shards by replica. Raises InvalidRequest for a name that may not be."""
    default = WITHOUT_GAP if rolling else KINDS
    may = {child.name: child for kind in KINDS for child in state.children if child.name.split("-")[0] == kind}
    for name in names:
        if name not in may:
            hint = f"there are: {', '.join(may)}"
            raise InvalidRequest("no_process", f"{name!r} is no worker of this stack", hint=hint)
    return [
        child
        for name, child in may.items()
        if name in names or (not names and (name.split("-")[0] in default or child.hands_over))
    ]


def restart(folder: Path, url: str, key: str, children: Sequence[ChildState]) -> list[dict[str, Any]]:
    """Ends them at the same time and returns when each is ready and the tier knows it.

    Raises FreshetError when one does not come back.
    """
    began_s = time.monotonic()
    for child in children:
        if child.pid is None or child.started is None or not processes.send(child.pid, child.started, signal.SIGTERM):
            say(f"{child.name} does not run just now")
    told = []
    for child in children:
        wait_until(partial(_again, folder, child), f"{child.name} is ready again", child)
        if child.name.split("-")[0] == "shard":
            wait_until(partial(known_to_be_ready, url, key, child.port), f"{child.name} is asked again", child)
        took_s = round(time.monotonic() - began_s, 2)
        say(f"{child.name} is ready again after {took_s:.1f} s")
        told.append({"process": child.name, "took_s": took_s})
    return told


def hand_over(folder: Path, state: StackState, children: Sequence[ChildState]) -> list[dict[str, Any]]:
    """Returns when a new process, ready, has taken over from each. Raises FreshetError when none does. The supervisor
    begins with all at the same time."""
    if not children:
        return []
    began_s = time.monotonic()
    if state.pid is None or state.started is None or not processes.send(state.pid, state.started, signal.SIGUSR1):
        raise Unavailable(f"no Freshet stack runs on {folder}", hint="start one: freshet up")

    def taken_over(child: ChildState) -> bool:
        now = read_state(folder)
        if now is not None and any(
            one.name == child.name and one.takeovers_failed > child.takeovers_failed for one in now.children
        ):
            raise FreshetError(
                f"the new process of {child.name} did not become ready; the one before it goes on",
                hint=f"see: freshet logs {child.name}",
            )
        return _again(folder, child)

    told = []
    for child in children:
        wait_until(partial(taken_over, child), f"a new process of {child.name} has taken over", child)
        took_s = round(time.monotonic() - began_s, 2)
        say(f"{child.name} has handed over after {took_s:.1f} s")
        told.append({"process": child.name, "took_s": took_s})
    return told


def _again(folder: Path, before: ChildState) -> bool:
    state = read_state(folder)
    found = next((child for child in state.children if child.name == before.name), None) if state else None
    return found is not None and found.state == "ready" and (found.pid, found.started) != (before.pid, before.started)


def known_to_be_ready(url: str, key: str, port: int) -> bool:
    """Whether the tier has seen every shard on this port ready; also when there is no tier to ask."""
    page = look(url, "/v1/status", key)
    if page.status != 200:
        return True
    mine = [one for one in page.body.get("replicas", []) if str(one["address"]).endswith(f":{port}")]
    return bool(mine) and all(one["ready"] for one in mine)


def wait_until(holds: Callable[[], bool], what: str, child: ChildState, limit_s: float = READY_S_MAX) -> None:
    until_s = time.monotonic() + limit_s
    while not holds():
        if time.monotonic() > until_s:
            raise FreshetError(f"not within {limit_s:g} s: {what}", hint=f"see: freshet logs {child.name}")
        time.sleep(POLL_S)
