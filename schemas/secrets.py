"""What must be shown to nobody: marked where the setting is declared, masked wherever settings are shown or logged."""

import re
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field
from pydantic.fields import FieldInfo

MASK = "********"
URL_PASSWORD = re.compile(r"(?<=://)([^/\s:]*):([^/\s]+)@")
"""`user:password@` of an address, as in redis://user:password@host:6379/0; the last @ ends it."""
QUERY_PASSWORD = re.compile(r"(?<=[?&]password=)[^&\s]+")
"""The other form redis-py takes: redis://host:6379/0?password=..."""
KEY_TEXT = re.compile(r"(?<=fk_[a-z0-9]{8}_)[0-9a-fA-F]{16,}")
"""What is secret of a key (`serving/keys/minting.py`), also of one that was cut."""
KEY_NAMED = re.compile(
    r"""((?:x-algolia-api-key|x-freshet-key)["']?\s*(?:=|:|%3D)\s*["']?|\bbearer\s+)[^\s"'&,;\\]+""", re.IGNORECASE
)
"""A key of any form where a header or an address carries it."""


@dataclass(frozen=True)
class Hidden:
    """Marks a field that holds a secret."""


Secret = Annotated[str, Field(repr=False), Hidden()]


def is_secret(field: FieldInfo) -> bool:
    return any(isinstance(mark, Hidden) for mark in field.metadata)


def without_keys(text: str) -> str:
    """The same text, but for what looks like a key."""
    return KEY_NAMED.sub(rf"\1{MASK}", KEY_TEXT.sub(MASK, text))


def shown(value: object, secret: bool = False) -> str:
    """The value in words: lists as in a variable, nothing of a secret but that it is set, no password of an address."""
    text = ",".join(map(str, value)) if isinstance(value, list) else "" if value is None else str(value)
    if secret:
        return MASK if text else ""
    return QUERY_PASSWORD.sub(MASK, URL_PASSWORD.sub(rf"\1:{MASK}@", text))
