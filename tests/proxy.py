"""A proxy before a server that fails, cuts, loses, slows and holds requests, and remembers what was asked."""

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPResponse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

BLOCK_BYTES = 64 << 10


@dataclass
class Fault:
    """What happens to requests whose method and path match; to `times` of them."""

    method: str = ""
    """Empty: any."""
    path: str = ""
    """A part of it."""
    after: int = 0
    """So many of them pass first."""
    times: int = 1
    status: int = 0
    """Answered with this, and `code`, without asking the server."""
    code: str = ""
    cut_request: int | None = None
    """The connection is closed after so many bytes of what is sent."""
    cut_answer: int | None = None
    """... of what comes back."""
    lost: bool = False
    """The server does it, but nobody hears of it."""
    hold_s: float = 0.0
    """Before anything happens."""
    until: threading.Event | None = None
    """Before anything happens: held until this is set."""
    bytes_per_s: float = 0.0
    """Of what comes back."""


@dataclass
class Asked:
    method: str
    path: str
    headers: Mapping[str, str]


@dataclass
class Proxy:
    port: int
    there: int
    faults: list[Fault] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    answered: list[str] = field(default_factory=list)
    """Paths of requests whose answer came back."""
    ended: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def note(self, method: str, path: str, headers: Mapping[str, str]) -> Fault:
        """What is to happen to this request."""
        with self.lock:
            self.asked.append(Asked(method, path, headers))
            for fault in self.faults:
                if fault.times > 0 and fault.method in ("", method) and fault.path in path:
                    if fault.after > 0:
                        fault.after -= 1
                        continue
                    fault.times -= 1
                    return fault
        return Fault()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    proxy: ClassVar[Proxy]

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except OSError:  # the other side has gone
            self.close_connection = True

    def pass_on(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        fault = self.proxy.note(self.command, self.path, headers)
        if fault.hold_s:
            self.proxy.ended.wait(fault.hold_s)
        if fault.until:
            fault.until.wait()
        length = int(headers.get("content-length", 0))
        if fault.cut_request is not None:
            self.rfile.read(min(length, fault.cut_request))
            self.close_connection = True
            return
        body = self.rfile.read(length)
        if fault.status:
            self.refuse(fault)
            return
        server = HTTPConnection("127.0.0.1", self.proxy.there)
        try:
            server.request(self.command, self.path, body, headers)
            answer = server.getresponse()
            if fault.lost:
                answer.read()
                self.close_connection = True
            else:
                self.bring_back(answer, fault)
                with self.proxy.lock:
                    self.proxy.answered.append(self.path)
        finally:
            server.close()

    def bring_back(self, answer: HTTPResponse, fault: Fault) -> None:
        self.send_response_only(answer.status)
        for name, value in answer.getheaders():
            if name.lower() != "connection":
                self.send_header(name, value)
        self.end_headers()
        left = fault.cut_answer
        while block := answer.read(BLOCK_BYTES):
            self.wfile.write(block[:left])
            if left is not None and (left := left - len(block)) <= 0:
                self.close_connection = True
                return
            if fault.bytes_per_s:
                time.sleep(len(block) / fault.bytes_per_s)

    def refuse(self, fault: Fault) -> None:
        says = (
            f"<Error><Code>{fault.code}</Code><AWSAccessKeyId>no-key-id</AWSAccessKeyId></Error>" if fault.code else ""
        )
        self.send_response(fault.status)
        self.send_header("Content-Length", str(len(says)))
        self.end_headers()
        self.wfile.write(says.encode())

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = pass_on

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing."""


@contextmanager
def proxy_before(there: int) -> Iterator[Proxy]:
    """Before the server at port `there`."""

    class Its(Handler):
        pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Its) as server:
        Its.proxy = Proxy(server.server_address[1], there)
        server.daemon_threads = True
        serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        serving.start()
        try:
            yield Its.proxy
        finally:
            Its.proxy.ended.set()
            server.shutdown()
            serving.join()
