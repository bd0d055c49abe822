"""One look at a page over plain HTTP, without a client library to load: its status and its JSON, or nothing."""

import http.client
import json
from typing import Any, NamedTuple
from urllib.parse import urlsplit

TIMEOUT_S = 2.0
ANSWER_BYTES_MAX = 10_000_000


class Page(NamedTuple):
    status: int
    """0: nobody answers."""
    body: dict[str, Any]
    """Empty where the answer is no JSON object."""
    date: str = ""
    """The server's clock, as the header `Date` says it."""


NOBODY = Page(0, {})


class Answer(NamedTuple):
    status: int
    """0: nobody answers."""
    text: bytes = b""
    date: str = ""
    """See `Page`."""


def look(url: str, path: str, key: str = "", timeout_s: float = TIMEOUT_S) -> Page:
    """Never raises for what the other side does."""
    answer = fetch(url, path, key, timeout_s)
    return Page(answer.status, _object(answer.text), answer.date) if answer.status else NOBODY


def fetch(url: str, path: str, key: str, timeout_s: float) -> Answer:
    """At most ANSWER_BYTES_MAX of it, whatever it is. Never raises for what the other side does."""
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=timeout_s)
    try:
        connection.request("GET", parts.path.rstrip("/") + path, headers={"X-Freshet-Key": key} if key else {})
        answer = connection.getresponse()
        text = answer.read(ANSWER_BYTES_MAX)
    except (OSError, http.client.HTTPException):
        return Answer(0)
    finally:
        connection.close()
    return Answer(answer.status, text, answer.getheader("Date", ""))


def _object(text: bytes) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
