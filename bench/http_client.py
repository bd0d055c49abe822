"""A process of one client of a shard's endpoint: one connection kept open, requests made ready before, little Python.

    python -m bench.http_client SETUP

The clients share the cores with the shard, so that what they cost is taken from what is measured: it is printed.
"""

import base64
import socket
import time
from pathlib import Path
from typing import Any, Final

import orjson

from bench.samples import packed, samples
from bench.subject import obey, setup
from bench.vector_file import VectorFile

RECEIVE_BYTES: Final = 65_536
BUDGET_MS: Final = 2_000
TIMEOUT_S: Final = 30.0


class Refused(RuntimeError):
    """There were as many questions under way as may be."""


class Endpoint:
    """One connection to `POST /search`."""

    def __init__(self, host: str, port: int) -> None:
        self._socket = socket.create_connection((host, port), TIMEOUT_S)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def close(self) -> None:
        self._socket.close()

    def ask(self, request: bytes) -> bytes:
        """The body of the answer. Raises Refused for 429, RuntimeError for all else that is not 200."""
        self._socket.sendall(request)
        got = self._socket.recv(RECEIVE_BYTES)
        while b"\r\n\r\n" not in got:
            got += self._receive()
        head, _, body = got.partition(b"\r\n\r\n")
        length = content_length(head)
        while len(body) < length:
            body += self._receive()
        if head.startswith(b"HTTP/1.1 429"):
            raise Refused("the endpoint has enough to do")
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(f"the endpoint answered {head.splitlines()[0]!r}: {body[:200]!r}")
        return body

    def _receive(self) -> bytes:
        got = self._socket.recv(RECEIVE_BYTES)
        if not got:
            raise RuntimeError("the endpoint closed the connection")
        return got


def content_length(head: bytes) -> int:
    """From the head of an answer. Raises RuntimeError when it has none."""
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    raise RuntimeError(f"an answer without a length: {head!r}")


def search_request(host: str, port: int, vector: bytes, limit: int, depth: int) -> bytes:
    """`vector`: little-endian fp16; `depth`: candidates asked for beside the whole hits."""
    query = {
        "partition": 0,
        "vector": base64.b64encode(vector).decode(),
        "limit": limit,
        "depth": depth,
        "budget_ms": BUDGET_MS,
    }
    body = orjson.dumps(query)
    head = f"POST /search HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


class HttpClient:
    """Commands of the process."""

    def __init__(self, host: str, port: int, queries: str, dim: int, limit: int, first: int) -> None:
        """`queries`: a file of vectors; `first`: where in it this client begins."""
        file = VectorFile(Path(queries), dim)
        self._vectors = file.read(0, file.count)
        file.close()
        self._address, self._limit = (host, port), limit
        self._made: dict[int, list[bytes]] = {}
        self._at = first
        self._endpoint = Endpoint(host, port)

    def prepare(self, depth: int) -> None:
        """Makes the requests for so many candidates."""
        self._made[depth] = [
            search_request(*self._address, vector.tobytes(), self._limit, depth) for vector in self._vectors
        ]

    def run(self, seconds: float, depth: int) -> dict[str, Any]:
        """Asks one after the other for so long; the times of the searches and what the client's CPU spent."""
        requests = self._made[depth]
        waits_ms, cpu_s, began_s = samples(), time.process_time(), time.perf_counter()
        until_s = ended_s = began_s
        until_s += seconds
        while ended_s < until_s:
            request = requests[self._at % len(requests)]
            sent_s = time.perf_counter()
            self._endpoint.ask(request)
            ended_s = time.perf_counter()
            waits_ms.append((ended_s - sent_s) * 1000)
            self._at += 1
        return {
            "waits_ms": packed(waits_ms),
            "searches": len(waits_ms),
            "seconds": ended_s - began_s,
            "cpu_s": time.process_time() - cpu_s,
        }


if __name__ == "__main__":
    client = HttpClient(**setup())
    obey({"prepare": client.prepare, "run": client.run})
