"""Secured keys: made of a key by whoever has it, without asking us, to see less and for a while; in Algolia's form,
base64(HMAC-SHA256(parent key, parameters) + parameters), so that any of its clients can make one.

The parent's hash checks it: a key is longer than a block, and HMAC takes the hash of such a key in its place.
"""

import base64
import binascii
import hmac
from collections.abc import Callable, Iterable
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Final, NamedTuple
from urllib.parse import parse_qsl

from schemas.errors import InvalidRequest
from schemas.filters import Filters
from schemas.keys import StoredKey
from serving.problems import Refusal

MAC_CHARS: Final = 64
"""HMAC-SHA256 in hex."""
PARAMETERS_MAX: Final = 20
INDICES_MAX: Final = 20
SOURCES_MAX: Final = 20
IGNORED: Final = frozenset(("userToken",))
"""It restricts nothing."""


class Secured(NamedTuple):
    """What such a key says, before anybody knows whether it is true."""

    mac: str
    text: str
    """The parameters as they were signed."""


class Restrictions(NamedTuple):
    """Which hold beside those of the parent."""

    filters: tuple[Filters, ...] = ()
    until_ms: int | None = None
    indices: tuple[str, ...] | None = None
    sources: tuple[IPv4Network | IPv6Network, ...] | None = None


def unpacked(key: str) -> Secured | None:
    """None: it has not this form."""
    try:
        text = base64.b64decode(key, validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        return None
    mac = text[:MAC_CHARS]
    is_hex = len(mac) == MAC_CHARS and set(mac) <= set("0123456789abcdef")
    return Secured(mac, text[MAC_CHARS:]) if is_hex else None


def may_be_parent(key: StoredKey) -> bool:
    """Only what reads: who sees the stored hashes could make secured keys of them."""
    return not {"ingest", "admin"} & set(key.scopes)


def parent_of(secured: Secured, keys: Iterable[StoredKey]) -> StoredKey | None:
    """The key with which it was made. Each one is tried, some microseconds each."""
    signed, found = secured.text.encode(), None
    for key in keys:
        if may_be_parent(key) and hmac.compare_digest(_mac(key, signed), secured.mac):
            found = key
    return found


def _mac(key: StoredKey, signed: bytes) -> str:
    return hmac.digest(bytes.fromhex(key.sha256), signed, "sha256").hex()


def restrictions_in(text: str, read_filters: Callable[[str], Filters]) -> Restrictions:
    """`read_filters`: of Algolia's syntax. Raises Refusal for what is not understood: a restriction that is passed over
    would open what it was to close."""
    try:
        given = parse_qsl(text, keep_blank_values=True, strict_parsing=bool(text), max_num_fields=PARAMETERS_MAX)
    except ValueError:
        raise _refused(f"its parameters cannot be read, or there are more than {PARAMETERS_MAX}") from None
    named = dict(given)
    if len(named) != len(given):
        raise _refused("a parameter is named twice")
    if unknown := sorted(set(named) - set(READ) - IGNORED):
        raise _refused(f"{', '.join(unknown)} cannot be kept to; use {', '.join(READ)}")
    found = Restrictions()
    for name, value in named.items():
        if name in READ:
            try:
                found = READ[name](found, value, read_filters)
            except (ValueError, InvalidRequest):  # of pydantic too
                raise _refused(f"{name} cannot be read: {value[:100]!r}") from None
    return found


def _filters(found: Restrictions, value: str, read: Callable[[str], Filters]) -> Restrictions:
    only = Filters.model_validate_json(value) if value.lstrip().startswith("{") else read(value)
    Filters(all=[only])  # so it will stand in each request
    return found._replace(filters=(only,))


def _until(found: Restrictions, value: str, _: object) -> Restrictions:
    return found._replace(until_ms=int(value) * 1000)


def _indices(found: Restrictions, value: str, _: object) -> Restrictions:
    names = tuple(name.strip() for name in value.split(","))
    if len(names) > INDICES_MAX or not all(names):
        raise ValueError
    return found._replace(indices=names)


def _sources(found: Restrictions, value: str, _: object) -> Restrictions:
    networks = tuple(ip_network(one.strip(), strict=False) for one in value.split(","))
    if len(networks) > SOURCES_MAX:
        raise ValueError
    return found._replace(sources=networks)


READ: Final = {"filters": _filters, "validUntil": _until, "restrictIndices": _indices, "restrictSources": _sources}


def _refused(why: str) -> Refusal:
    said = f"the secured key cannot be used: {why}"
    return Refusal(401, "key_not_understood", said, hint="docs/keys.md, Secured keys")
