"""The cheap client reads whole answers, however they are cut, and takes nothing but 200 for an answer."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import orjson
import pytest

from bench.http_client import Endpoint, content_length, search_request
from schemas.shard_messages import ShardQuery


@contextmanager
def answering(*parts: bytes) -> Iterator[int]:
    """A server that answers one request with these pieces and closes; yields its port."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65_536)
                for part in parts:
                    connection.sendall(part)

        thread = threading.Thread(target=serve)
        thread.start()
        yield server.getsockname()[1]
        thread.join()


def ask(port: int) -> bytes:
    endpoint = Endpoint("127.0.0.1", port)
    try:
        return endpoint.ask(b"POST /search HTTP/1.1\r\n\r\n")
    finally:
        endpoint.close()


@pytest.mark.parametrize("cut", [1, 10, 30, 45, 52])
def test_an_answer_is_read_whole_wherever_it_is_cut(cut: int) -> None:
    answer = b'HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n{"hits":[]}'
    with answering(answer[:cut], answer[cut:]) as port:
        assert ask(port) == b'{"hits":[]}'


def test_another_status_and_a_closed_connection_are_errors() -> None:
    with (
        answering(b"HTTP/1.1 503 Busy\r\ncontent-length: 4\r\n\r\nbusy") as port,
        pytest.raises(RuntimeError, match="503"),
    ):
        ask(port)
    with (
        answering(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nhalf") as port,
        pytest.raises(RuntimeError, match="closed"),
    ):
        ask(port)


def test_an_answer_without_a_length_is_an_error() -> None:
    assert content_length(b"HTTP/1.1 200 OK\r\nX: 1\r\ncontent-LENGTH: 12") == 12
    with pytest.raises(RuntimeError, match="without a length"):
        content_length(b"HTTP/1.1 200 OK\r\nX: 1")


def test_the_request_is_one_that_a_shard_reads() -> None:
    vector = np.array([0.6, 0.8], dtype="<f2").tobytes()
    head, _, body = search_request("127.0.0.1", 80, vector, 10, 100).partition(b"\r\n\r\n")
    assert f"Content-Length: {len(body)}".encode() in head
    query = ShardQuery.model_validate(orjson.loads(body))
    assert (query.partition, query.limit, query.vector) == (0, 10, "zThmOg==")
