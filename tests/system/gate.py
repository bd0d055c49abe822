"""A gate before the HTTP tier: lets so many requests for `path` pass and holds the others until it is opened."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar


@dataclass
class Gate:
    there: int
    """Port of the tier."""
    path: str
    passes: int
    port: int = 0
    came: int = 0
    answered: int = 0
    opened: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def stands_still(self) -> bool:
        """Whether all that pass are answered, and one more is held."""
        return self.answered == self.passes < self.came

    def open(self) -> None:
        self.opened.set()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    gate: ClassVar[Gate]

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except OSError:  # the other side has gone
            self.close_connection = True

    def pass_on(self) -> None:
        gate = self.gate
        counted = self.command == "POST" and self.path == gate.path
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        if counted:
            with gate.lock:
                gate.came += 1
                held = gate.came > gate.passes
            if held:
                gate.opened.wait()
        tier = HTTPConnection("127.0.0.1", gate.there)
        tier.request(self.command, self.path, body, dict(self.headers.items()))
        answer = tier.getresponse()
        content = answer.read()
        tier.close()
        self.send_response_only(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("connection", "content-length", "transfer-encoding"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
        if counted:
            with gate.lock:
                gate.answered += 1

    do_GET = do_POST = pass_on

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing."""


@contextmanager
def gate_before(there: int, path: str, passes: int) -> Iterator[Gate]:
    class Its(Handler):
        gate = Gate(there, path, passes)

    with ThreadingHTTPServer(("127.0.0.1", 0), Its) as server:
        Its.gate.port = server.server_address[1]
        server.daemon_threads = True
        serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        serving.start()
        try:
            yield Its.gate
        finally:
            Its.gate.open()
            server.shutdown()
            serving.join()
