"""A plain HTTP call without any of Freshet's own code: a drill must not trust what it tests."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import orjson

JSON: Final = {"Content-Type": "application/json"}
RETRY_AFTER: Final = "Retry-After"


class Answer(NamedTuple):
    status: int
    """0: nobody answered."""
    said: Any
    """Its JSON, or None."""
    retry_after: str = ""
    """As the header says it."""


def http(
    method: str,
    url: str,
    body: Any = None,
    timeout_s: float = 10.0,
    content_type: str = "application/json",
    headers: Mapping[str, str] | None = None,
) -> tuple[int, Any]:
    """The status (0: nobody answered) and the JSON of the answer, or None."""
    data = body if isinstance(body, bytes) or body is None else orjson.dumps(body)
    request = Request(url, data, {"Content-Type": content_type, **(headers or {})}, method=method)
    answer = asked(request, timeout_s)
    return answer.status, answer.said


def asked(request: Request, timeout_s: float) -> Answer:
    """The same, with when to come back."""
    try:
        with urlopen(request, timeout=timeout_s) as response:
            return Answer(response.status, _json(response.read()))
    except HTTPError as error:
        with error:
            return Answer(error.code, _json(error.read()), error.headers.get(RETRY_AFTER, ""))
    except (OSError, TimeoutError):
        return Answer(0, None)


def _json(text: bytes) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text
