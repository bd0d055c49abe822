"""A headless Chromium of its own, spoken to over the devtools protocol."""

import asyncio
import contextlib
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any, Final

import aiohttp
import orjson

from schemas.errors import Unavailable

NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
ARGUMENTS: Final = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
    "--lang=en-GB",
    "--remote-debugging-port=0",
    "about:blank",
]
STARTS_S: Final = 30.0
ANSWERS_S: Final = 60.0
MESSAGE_BYTES_MAX: Final = 50_000_000
Event = dict[str, Any]


def found_chromium(named: str = "", names: Sequence[str] = NAMES) -> str:
    """Path of the program. Raises Unavailable."""
    for name in (named,) if named else names:
        path = shutil.which(name)
        if path:
            return path
    raise Unavailable(
        f"there is no {named or 'Chromium'} here",
        hint="install Chromium (Debian: apt-get install chromium), or name its program with --browser",
    )


class Tab:
    """One page. Not for several tasks at a time."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, heard: Callable[[Event], None]) -> None:
        self._socket, self._heard, self._ids = socket, heard, count(1)
        self.session: str | None = None

    async def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """The result of a method; events that come meanwhile are heard. Raises Unavailable."""
        number = next(self._ids)
        message: dict[str, Any] = {"id": number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        await self._socket.send_str(orjson.dumps(message).decode())  # it hangs up on binary frames
        try:
            async with asyncio.timeout(ANSWERS_S):
                while True:
                    said = orjson.loads((await self._socket.receive()).data or b"")
                    if said.get("id") != number:
                        self._heard(said)
                    elif "error" in said:
                        raise Unavailable(f"Chromium refused {method}: {said['error'].get('message')}")
                    else:
                        result: dict[str, Any] = said["result"]
                        return result
        except (TimeoutError, orjson.JSONDecodeError, TypeError) as error:
            raise Unavailable(f"Chromium did not answer {method}") from error

    async def run(self, script: str) -> Any:
        """The value of a script, a promise awaited. Raises Unavailable when it throws."""
        found = await self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in found:
            thrown = found["exceptionDetails"]
            raise Unavailable(f"the page threw: {thrown.get('exception', {}).get('description', thrown.get('text'))}")
        return found["result"].get("value")


@asynccontextmanager
async def opened_tab(program: str, heard: Callable[[Event], None]) -> AsyncIterator[Tab]:
    """A browser without anything kept from before, with one page. Raises Unavailable when it does not start."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        quiet = asyncio.subprocess.DEVNULL
        process = await asyncio.create_subprocess_exec(
            program, f"--user-data-dir={folder}", *ARGUMENTS, stdout=quiet, stderr=quiet
        )
        try:
            address = await _address(Path(folder), process)
            async with (
                aiohttp.ClientSession() as client,
                client.ws_connect(address, max_msg_size=MESSAGE_BYTES_MAX) as socket,
            ):
                tab = Tab(socket, heard)
                target = await tab.call("Target.createTarget", url="about:blank")
                attached = await tab.call("Target.attachToTarget", targetId=target["targetId"], flatten=True)
                tab.session = attached["sessionId"]
                yield tab
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()


async def _address(folder: Path, process: asyncio.subprocess.Process) -> str:
    """Where it listens, which it writes into its own folder."""
    try:
        async with asyncio.timeout(STARTS_S):
            while process.returncode is None:
                with contextlib.suppress(OSError, ValueError):
                    port, path = (folder / "DevToolsActivePort").read_text().split()
                    return f"ws://127.0.0.1:{int(port)}{path}"
                await asyncio.sleep(0.02)
    except TimeoutError:
        pass
    raise Unavailable("Chromium does not start", hint="try it by hand: chromium --headless --version")
