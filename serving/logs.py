"""What the query tier needs of a logger."""

from typing import Any, Protocol


class Log(Protocol):
    """Takes an event name and its facts; streams.logs says where the lines go."""

    def info(self, event: str, **facts: Any) -> Any: ...
    def warning(self, event: str, **facts: Any) -> Any: ...
    def error(self, event: str, **facts: Any) -> Any: ...
