"""Kafka's jars come from any Maven repository and are taken only when they are the locked ones."""

import gc
import hashlib
import threading
import warnings
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from freshet.runtime.kafka_jars import Jar, class_path, ensure_jars, locked_jars
from freshet.runtime.ports import free_port
from schemas.errors import StateRefused, Unavailable

CONTENT = b"not really a jar"


def jar_of(content: bytes) -> Jar:
    return Jar("org.example", "thing", "1.0", hashlib.sha256(content).hexdigest())


@pytest.fixture
def repository(tmp_path: Path) -> Iterator[str]:
    """A Maven repository on loopback with one jar."""
    folder = tmp_path / "repository" / "org" / "example" / "thing" / "1.0"
    folder.mkdir(parents=True)
    (folder / "thing-1.0.jar").write_bytes(CONTENT)

    class Quiet(SimpleHTTPRequestHandler):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments, directory=str(tmp_path / "repository"))

        def log_message(self, format: str, *arguments: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Quiet)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_every_locked_jar_has_a_sha256_and_its_own_file_name() -> None:
    jars = locked_jars()
    assert {len(bytes.fromhex(jar.sha256)) for jar in jars} == {32}
    assert len({jar.file_name for jar in jars}) == len(jars)
    assert ("org.apache.kafka", "kafka_2.13") in {(jar.group, jar.artifact) for jar in jars}
    assert len(class_path(Path("/jars")).split(":")) == len(jars)


def test_fetched_once_and_then_taken_from_the_cache(repository: str, tmp_path: Path) -> None:
    said: list[str] = []
    folder = ensure_jars(tmp_path / "cache", repository, said.append, [jar_of(CONTENT)])
    assert (folder / "thing-1.0.jar").read_bytes() == CONTENT
    assert [line.split()[0] for line in said] == ["fetching", "fetched"]
    nobody = f"http://127.0.0.1:{free_port()}"
    assert ensure_jars(tmp_path / "cache", nobody, said.append, [jar_of(CONTENT)]) == folder
    assert len(said) == 2
    assert [path.name for path in folder.parent.iterdir()] == [folder.name], "the staging folder is gone"


def test_a_jar_that_was_damaged_in_the_cache_is_fetched_again(repository: str, tmp_path: Path) -> None:
    folder = ensure_jars(tmp_path / "cache", repository, lambda line: None, [jar_of(CONTENT)])
    (folder / "thing-1.0.jar").write_bytes(CONTENT[:-1])
    assert ensure_jars(tmp_path / "cache", repository, lambda line: None, [jar_of(CONTENT)]) == folder
    assert (folder / "thing-1.0.jar").read_bytes() == CONTENT


def test_another_content_is_refused_and_not_kept(repository: str, tmp_path: Path) -> None:
    with pytest.raises(StateRefused, match=r"thing-1\.0\.jar has SHA-256"):
        ensure_jars(tmp_path / "cache", repository, lambda line: None, [jar_of(b"what was locked")])
    assert list((tmp_path / "cache").rglob("*.jar")) == []


def test_a_missing_jar_names_itself_and_the_repository(repository: str, tmp_path: Path) -> None:
    missing = Jar("org.example", "absent", "2.0", "00")
    with pytest.raises(Unavailable, match=r"absent-2\.0\.jar from the Maven repository http://127") as raised:
        ensure_jars(tmp_path / "cache", repository, lambda line: None, [missing])
    assert "FRESHET_MAVEN_URL" in raised.value.hint
    del raised
    with warnings.catch_warnings():  # jgo leaves the connection of a 404 to the garbage collector
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


def test_an_unreachable_repository_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="cannot fetch"):
        ensure_jars(tmp_path / "cache", f"http://127.0.0.1:{free_port()}", lambda line: None, [jar_of(CONTENT)])
