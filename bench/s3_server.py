"""An S3 server of its own on this machine, in a process of its own."""

import importlib.util
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.error import HTTPError, URLError
from urllib.request import ProxyHandler, build_opener

from bench.ports import free_port
from schemas.errors import Unavailable

HOST: Final = "127.0.0.1"
BUCKET: Final = "snapshots"
STARTS_S_MAX: Final = 30.0
PACKAGE: Final = "localbucket"


@dataclass(frozen=True)
class S3Server:
    port: int
    folder: Path
    """Each bucket is a folder in it, each object a file."""

    @property
    def endpoint(self) -> str:
        return f"http://{HOST}:{self.port}"

    @property
    def objects(self) -> Path:
        """Of the bucket."""
        return self.folder / BUCKET

    @property
    def url(self) -> str:
        return f"s3://{BUCKET}/freshet"

    def settings(self) -> dict[str, object]:
        """Of a shard that keeps its snapshots there. The server looks at no key, but each request is signed."""
        return {
            "snapshot_store": self.url,
            "snapshot_store_endpoint": self.endpoint,
            "snapshot_store_access_key_id": "no-key-id",
            "snapshot_store_secret_access_key": "no-secret",
        }


@contextmanager
def s3_server(folder: Path) -> Iterator[S3Server]:
    """With one empty bucket. Raises Unavailable where the development tools are not installed."""
    if importlib.util.find_spec(PACKAGE) is None:
        raise Unavailable(f"{PACKAGE} is not installed", hint="it is one of the development tools: make install")
    server = S3Server(free_port(), folder)
    server.objects.mkdir(parents=True)
    command = [sys.executable, "-m", PACKAGE, str(folder), "--host", HOST, "--port", str(server.port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait(process, server.endpoint)
        yield server
    finally:
        process.terminate()
        process.wait()


def _wait(process: subprocess.Popen[bytes], endpoint: str) -> None:
    until = time.monotonic() + STARTS_S_MAX
    opener = build_opener(ProxyHandler({}))
    while time.monotonic() < until and process.poll() is None:
        try:
            with opener.open(endpoint, timeout=STARTS_S_MAX):
                return
        except HTTPError:
            return
        except (URLError, OSError):
            time.sleep(0.02)
    raise Unavailable(f"the S3 server at {endpoint} did not start")
