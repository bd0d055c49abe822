"""What `freshet demo` does: starts a stack with the demo in it, or works on the one that runs."""

import asyncio
import os
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from freshet.demo.catalogue import assortment
from freshet.demo.declared import FOLDER, with_facets
from freshet.demo.running import Demo
from freshet.demo.watching import others, watch
from freshet.demo.welcome import searchable_lines, try_lines
from freshet.demo.wishes import SPEED_DEFAULT, Wishes
from freshet.exit_codes import INTERRUPTED, OK
from freshet.http_door import HttpDoor
from freshet.printing import print_json, say
from freshet.progress import Step, show_on
from freshet.running import data_folder, supervisor_alive
from freshet.runtime import up as stack_up
from freshet.runtime.journal import to_stderr
from freshet.runtime.stack_state import StackState, as_json, read_state
from freshet.target import Target, find_target, same_address
from schemas.errors import InvalidRequest, Unavailable
from schemas.settings import UpSettings, as_environ, read, refuse_open_door

RESET_POLL_S = 0.2
RESET_S_MAX = 300.0
TOLD_EVERY_S = 2.0


@dataclass(frozen=True)
class DemoOptions:
    speed: float | None
    reset: bool
    detach: bool
    port: int | None
    export: bool
    url: str
    data: Path | None
    as_json: bool


def run_demo(options: DemoOptions) -> int:
    if options.export:
        export()
        return OK
    data = data_folder(options.data, os.environ)
    state = read_state(data)
    running = state is not None and supervisor_alive(state)
    if not running and not options.url:
        return start(options, data)
    elsewhere = bool(options.url) and not (running and state and same_address(options.url, state.url))
    with _folder(data, elsewhere) as folder:
        return attach(options, find_target(options.url, options.data), Wishes(folder))


def export() -> None:
    """The products as JSON Lines."""
    for product in assortment().first.values():
        sys.stdout.buffer.write(orjson.dumps(product, option=orjson.OPT_APPEND_NEWLINE))
    sys.stdout.flush()


def start(options: DemoOptions, data: Path) -> int:
    """Runs the whole stack with the demo as one of its processes, as `freshet up` does without it."""
    given = {"data": options.data, "port": options.port}
    environ = os.environ | as_environ({key: value for key, value in given.items() if value is not None})
    settings = read(UpSettings, environ)
    refuse_open_door(settings.host, settings.admin_key)
    speed = SPEED_DEFAULT if options.speed is None else options.speed
    wishes = Wishes(data / FOLDER)
    wishes.set_speed(speed)
    environ = with_facets(environ, settings)
    if options.reset:
        wishes.ask_reset()

    def ready(state: StackState) -> None:
        print(as_json(state) if options.as_json else state.url, flush=True)
        if not options.detach:
            threading.Thread(target=_tell_loading, args=(state.url, settings.admin_key, speed), daemon=True).start()

    if options.detach:
        ready(stack_up.up_detached(settings, environ, say, ("demo", "--speed", f"{speed:g}")))
    else:
        stack_up.up(settings, environ, to_stderr, ready, try_lines)
    return OK


def _tell_loading(url: str, key: str, speed: float) -> None:
    """Beside the supervisor, which needs the main thread."""

    async def tell() -> None:
        async with HttpDoor(url, key) as door:
            found = await watch(door, _seldom(), time.monotonic)
            for line in searchable_lines(found, await others(door), url, speed) if found else ():
                to_stderr(line)

    with suppress(Unavailable):  # it is being stopped
        asyncio.run(tell())


def _seldom() -> Callable[[Step, float], None]:
    """Says the progress every TOLD_EVERY_S, between the supervisor's own lines."""
    told_s = [float("-inf")]

    def show(step: Step, now_s: float) -> None:
        if now_s - told_s[0] >= TOLD_EVERY_S:
            told_s[0] = now_s
            to_stderr(step.words())

    return show


def attach(options: DemoOptions, target: Target, wishes: Wishes) -> int:
    """Becomes the demo of a running shop, or tells the one that is there what is wished."""
    with wishes.held() as ours:
        if not ours:
            return _tell_wishes(options, wishes, target)
        if options.detach:
            raise InvalidRequest(
                "already_running",
                f"a stack without the demo runs at {target.url}, and --detach starts one",
                hint="leave out --detach (Ctrl-C then ends only the demo), or `freshet down` first",
            )
        wishes.set_speed(SPEED_DEFAULT if options.speed is None else options.speed)
        if options.reset:
            wishes.ask_reset()
        return asyncio.run(_work(options, target, wishes))


def _tell_wishes(options: DemoOptions, wishes: Wishes, target: Target) -> int:
    if options.speed is not None:
        wishes.set_speed(options.speed)
    if options.reset:
        wishes.ask_reset()
        until_s = time.monotonic() + RESET_S_MAX
        while wishes.reset:
            if time.monotonic() > until_s:
                raise Unavailable("the demo has not done the reset yet", hint="see: freshet logs demo")
            time.sleep(RESET_POLL_S)
        say("reset: the demo's products are as they were at first")
    say(f"the demo runs on {target.url} at speed {wishes.speed:g}; `freshet demo --speed N` changes it (0: no changes)")
    if options.as_json:
        print_json({"url": target.url, "speed": wishes.speed, "reset": options.reset})
    return OK


async def _work(options: DemoOptions, target: Target, wishes: Wishes) -> int:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with HttpDoor(target.url, target.key) as door:
        demo = Demo(assortment(), door, wishes, stop, time.monotonic, say, stays=False)
        work = asyncio.create_task(demo.run())
        with show_on() as show:
            found = await _loaded(work, asyncio.create_task(watch(door, show.update, time.monotonic)), stop)
        if found and not stop.is_set():
            for line in searchable_lines(found, await others(door), target.url, wishes.speed):
                say(line)
        await work
    if options.as_json:
        print_json(facts(demo, found))
    elif demo.changes:
        say(demo.words())
    return INTERRUPTED if stop.is_set() and not found else OK


async def _loaded(work: asyncio.Task[None], watching: asyncio.Task[int | None], stop: asyncio.Event) -> int | None:
    """How many products are searchable once they are; None when they never were. Raises what ended the work."""
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({work, watching, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if work.done():
            work.result()
            await asyncio.wait({watching, stopping}, return_when=asyncio.FIRST_COMPLETED)
        return watching.result() if watching.done() else None
    finally:
        watching.cancel()
        stopping.cancel()


def facts(demo: Demo, found: int | None) -> dict[str, Any]:
    sending = demo.sending
    return {
        "searchable": found,
        "events": sending.sent,
        "changes": demo.changes,
        "clicks": sending.clicks,
        "refused": sending.refused,
        "put_off": sending.put_off,
    }


@contextmanager
def _folder(data: Path, elsewhere: bool) -> Iterator[Path]:
    """Where wishes are kept: with the stack's data; of a shop elsewhere, nowhere for long."""
    if elsewhere:
        with tempfile.TemporaryDirectory() as folder:
            yield Path(folder)
    else:
        yield data / "demo"
