"""Replays that the page asks for: each a process of its own at low priority, one at a time on a machine."""

import asyncio
import fcntl
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Final, NamedTuple

import orjson

from schemas.errors import Overloaded, Unavailable
from schemas.settings import ServingSettings, as_environ
from serving.problems import Refusal

COMMAND: Final = "freshet.replay_beside"
FOLDER: Final = "replay"
"""Below the data folder, as `freshet replay` has it."""
LOCK: Final = "beside.lock"
PREFIX: Final = "page-"
REPLAY_S_MAX: Final = 300.0
LOOK_EVERY_S: Final = 0.1
RETRY_S: Final = 5.0
SAID_BYTES_MAX: Final = 64_000_000
GIVEN: Final = {"kafka", "generation", "partitions", "data"}
"""Settings by which the replay finds this shop."""
STATUSES: Final = {"no_answer": 404, "state_refused": 409, "replay_failed": 503}
"""By code; what else is said against it is wrong in the request."""


class Done(NamedTuple):
    said: Any
    """What it printed, as JSON has it."""
    folder: Path
    """What it wrote; gone when the work ends."""


class Beside:
    """For one tier. `close` ends what is at work."""

    def __init__(self, settings: ServingSettings, command: Sequence[str] = (sys.executable, "-m", COMMAND)) -> None:
        self._settings = settings
        self._url = f"http://127.0.0.1:{settings.port}"
        self._command = command
        self._closing = False

    def close(self) -> None:
        self._closing = True

    @asynccontextmanager
    async def working(
        self, asked: Mapping[str, Any], gone: Callable[[], bool], limit_s: float = REPLAY_S_MAX
    ) -> AsyncIterator[Done]:
        """Starts it, waits, and keeps its folder until the block ends. `gone`: nobody waits any more.

        Raises Overloaded while another is at work, Unavailable when it takes longer than `limit_s` or the tier ends,
        Refusal with what the replay says against it."""
        above = self._settings.data / FOLDER
        with ExitStack() as closing:
            folder = await asyncio.to_thread(self._take_turn, above, closing)
            code = await self._run(asked, folder, gone, limit_s)
            yield Done(await asyncio.to_thread(_said, folder, code), folder)

    def _take_turn(self, above: Path, closing: ExitStack) -> Path:
        """A folder of its own. What a tier that was killed left behind goes now: nobody else is at work."""
        try:
            above.mkdir(parents=True, exist_ok=True)
            lock = closing.enter_context((above / LOCK).open("a"))
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            for left in above.glob(f"{PREFIX}*"):
                shutil.rmtree(left, ignore_errors=True)
            folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=above))
        except BlockingIOError:
            hint = "wait for it, or cancel it where it was asked for"
            raise Overloaded("another replay is at work", retry_after_s=RETRY_S, hint=hint) from None
        except OSError as error:
            raise Unavailable(f"there is no folder for the replay: {error}", hint="see FRESHET_DATA") from None
        closing.callback(shutil.rmtree, folder, ignore_errors=True)
        return folder

    async def _run(self, asked: Mapping[str, Any], folder: Path, gone: Callable[[], bool], limit_s: float) -> int:
        environ = os.environ | as_environ(self._settings.model_dump(include=GIVEN))
        until_s = asyncio.get_running_loop().time() + limit_s
        with (folder / "said").open("wb") as said, (folder / "log").open("wb") as log:
            child = await asyncio.create_subprocess_exec(
                *self._command,
                orjson.dumps({**asked, "url": self._url, "folder": str(folder)}).decode(),
                stdin=asyncio.subprocess.PIPE,  # never written: it ends when this process does
                stdout=said,
                stderr=log,
                env=environ,
                start_new_session=True,
            )
        try:
            while child.returncode is None:
                with suppress(TimeoutError):
                    return await asyncio.wait_for(child.wait(), LOOK_EVERY_S)
                if self._closing:
                    raise Unavailable("the replay was ended: the tier stops", hint="ask again when it is back")
                if gone():
                    raise Unavailable("nobody waits for the replay any more")
                if asyncio.get_running_loop().time() > until_s:
                    raise Refusal(
                        503,
                        "replay_too_long",
                        f"the replay took longer than {limit_s:g} s and was ended",
                        hint="freshet replay request has no such limit",
                    )
            return child.returncode
        finally:
            if child.returncode is None:
                with suppress(ProcessLookupError):
                    os.killpg(child.pid, signal.SIGKILL)
                await asyncio.shield(child.wait())


def _said(folder: Path, code: int) -> Any:
    """Raises Refusal for what speaks against it."""
    said = folder / "said"
    if said.stat().st_size > SAID_BYTES_MAX:
        raise Refusal(503, "replay_too_large", f"what the replay says has more than {SAID_BYTES_MAX:,} bytes")
    try:
        told = orjson.loads(said.read_bytes())
    except orjson.JSONDecodeError:
        raise Unavailable(f"the replay ended with {code} and said nothing", hint=_last_line(folder)) from None
    if (error := told.get("error")) is None:
        return told
    if error["code"] == "unavailable":
        raise Unavailable(error["message"], hint=error["hint"])
    status = STATUSES.get(error["code"], 400)
    raise Refusal(status, error["code"], error["message"], hint=error["hint"])


def _last_line(folder: Path) -> str:
    lines = (folder / "log").read_text(errors="replace").strip().splitlines()
    return lines[-1][:500] if lines else ""
