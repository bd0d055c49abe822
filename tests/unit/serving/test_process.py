"""The process: what it refuses to start with, that it answers without anything behind it, and that it ends in time."""

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest

from freshet.runtime.ports import free_port
from schemas.errors import SettingsError
from schemas.settings import is_loopback, refuse_open_door
from tests.waiting import LIMIT_S

NOWHERE = "127.0.0.1:1"


def environ(data: Path, **more: str) -> dict[str, str]:
    ours = {name: value for name, value in os.environ.items() if not name.startswith("FRESHET_")}
    return ours | {
        "FRESHET_KAFKA": NOWHERE,
        "FRESHET_REDIS_URL": f"redis://{NOWHERE}/0",
        "FRESHET_SHARDS": NOWHERE,
        "FRESHET_DATA": str(data),
        "FRESHET_PORT": "0",
        "FRESHET_SEARCH_BUDGET_MS": "10000",
        **more,
    }


@asynccontextmanager
async def process(variables: dict[str, str], *pass_fds: int) -> AsyncIterator[asyncio.subprocess.Process]:
    pipe = asyncio.subprocess.PIPE
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "serving"),
        env=variables,
        stdout=pipe,
        stderr=pipe,
        stdin=asyncio.subprocess.DEVNULL,
        pass_fds=pass_fds,
    )
    try:
        async with asyncio.timeout(LIMIT_S):
            yield child
    finally:
        if child.returncode is None:
            child.kill()
        await child.communicate()


async def line_of(child: asyncio.subprocess.Process, event: str) -> dict[str, Any]:
    assert child.stderr is not None
    while text := await child.stderr.readline():
        line: dict[str, Any] = orjson.loads(text)
        if line["event"] == event:
            return line
    raise AssertionError(f"the process ended before it said {event}")


@pytest.mark.parametrize(
    ("more", "word"),
    [
        ({"FRESHET_HOST": "0.0.0.0"}, b"FRESHET_ADMIN_KEY"),
        ({"FRESHET_PORT": "many"}, b"FRESHET_PORT"),
        ({"FRESHET_SHARDS": ""}, b"FRESHET_SHARDS"),
        ({"FRESHET_NOPE": "1"}, b"FRESHET_NOPE"),
    ],
)
async def test_wrong_settings_end_it_with_one_line_and_code_2(
    more: dict[str, str], word: bytes, tmp_path: Path
) -> None:
    async with process(environ(tmp_path, **more)) as child:
        out, err = await child.communicate()
        assert (child.returncode, out) == (2, b"")
        assert word in err
        assert err.count(b"\n") == 1
        assert json.loads(err)["level"] == "error"


async def test_it_answers_with_nothing_behind_it_and_ends_on_sigterm(tmp_path: Path) -> None:
    inside = str(free_port())
    async with process(environ(tmp_path, FRESHET_ADMIN_KEY="k3y-material", FRESHET_INSIDE_PORT=inside)) as child:
        port = (await line_of(child, "listening"))["port"]
        async with aiohttp.ClientSession(f"http://127.0.0.1:{inside}") as session, session.get("/healthz") as response:
            assert (await response.json())["pid"] == child.pid
        async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session:
            async with session.post("/v1/search", json={"text": "lamp"}) as response:
                answer = await response.json()
                assert (response.status, answer["degraded"]) == (503, ["encode", "shard-0"])
            async with session.get("/readyz") as response:
                assert response.status == 503
            async with session.get("/v1/status", headers={"X-Freshet-Key": "k3y-material"}) as response:
                assert (await response.json())["unreachable"] == [f"0/0 http://{NOWHERE}"]
            key = "fk_a0b1c2d3_" + "0123456789abcdef" * 4
            async with session.get(f"/v1/nothing?x-algolia-api-key={key}") as response:
                assert response.status == 404 and "0123456789abcdef" not in await response.text()
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"GET /v1/status?x-algolia-api-key={key} HTTP/9.9\r\nX-Freshet-Key {key}\r\n\r\n".encode())
        assert b" 400 " in await reader.readline()
        writer.close()
        child.send_signal(signal.SIGTERM)
        async with asyncio.timeout(LIMIT_S):
            out, err = await child.communicate()
        assert (child.returncode, out) == (0, b"")
        assert b"k3y-material" not in err and b"0123456789abcdef" not in err


async def test_a_connection_that_is_kept_is_told_and_a_new_one_waits_for_the_next_process(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as ours:
        fd, port = ours.fileno(), ours.getsockname()[1]
        async with process(environ(tmp_path, FRESHET_LISTEN_FD=str(fd)), fd) as child:
            assert (await line_of(child, "listening"))["port"] == port
            reader, writer = await asyncio.open_connection("127.0.0.1", port)

            async def asked() -> bytes:
                writer.write(b"GET /healthz HTTP/1.1\r\nHost: shop\r\n\r\n")
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
                await reader.readexactly(length)
                return head

            assert b"Connection: close" not in await asked()
            child.send_signal(signal.SIGTERM)
            await line_of(child, "draining")
            later = socket.create_connection(("127.0.0.1", port))  # nobody takes it, and nobody refuses it
            assert b"Connection: close" in await asked()
            assert await reader.read() == b""
            writer.close()
            _, _ = await child.communicate()
            assert child.returncode == 0
            ours.settimeout(LIMIT_S)
            taken, address = ours.accept()
            assert address == later.getsockname()
            taken.close()
            later.close()


async def test_one_that_is_to_take_over_takes_nothing_until_it_is_ready(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as ours:
        fd, (reading, writing) = ours.fileno(), os.pipe()
        variables = environ(tmp_path, FRESHET_LISTEN_FD=str(fd), FRESHET_READY_FD=str(writing))
        async with process(variables, fd, writing) as child:
            os.close(writing)
            await line_of(child, "shard_lost")
            with socket.create_connection(ours.getsockname()):
                child.send_signal(signal.SIGTERM)
                _, _ = await child.communicate()
                assert (child.returncode, os.read(reading, 1)) == (0, b""), "it never said that it is ready"
                ours.settimeout(LIMIT_S)
                ours.accept()[0].close()
        os.close(reading)


async def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    async with process(environ(tmp_path)) as first:
        port = (await line_of(first, "listening"))["port"]
        async with process(environ(tmp_path, FRESHET_PORT=str(port))) as second:
            _, err = await second.communicate()
            assert second.returncode == 1
            assert f"127.0.0.1:{port}".encode() in err


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        *((host, True) for host in ("127.0.0.1", "127.9.9.9", "::1", "localhost")),
        *((host, False) for host in ("0.0.0.0", "::", "10.0.0.1", "example.org", "")),
    ],
)
def test_only_loopback_is_open_without_a_key(host: str, loopback: bool) -> None:
    assert is_loopback(host) == loopback
    refuse_open_door(host, "key")
    if not loopback:
        with pytest.raises(SettingsError):
            refuse_open_door(host, "")


async def test_the_threads_of_numpy_are_set_before_it_loads() -> None:
    code = "import sys, serving.__main__; sys.exit('numpy' in sys.modules)"
    child = await asyncio.create_subprocess_exec(sys.executable, "-c", code)
    async with asyncio.timeout(LIMIT_S):
        assert await child.wait() == 0
