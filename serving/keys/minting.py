"""Makes keys: 256 random bits behind an id that may be told, kept as a hash.

A key is longer than the 64 bytes of a block of SHA-256, so HMAC-SHA256 takes its hash in its place (RFC 2104): what was
signed with a key is checked with what is stored of it.
"""

import hashlib
import re
import secrets
from typing import Final

PREFIX: Final = "fk_"
ID_CHARS: Final = 8
SECRET_BYTES: Final = 32
ALPHABET: Final = "abcdefghijklmnopqrstuvwxyz0123456789"
FORM: Final = re.compile(r"fk_([a-z0-9]{8})_[0-9a-f]{64}")


def new_id() -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(ID_CHARS))


def new_key(key_id: str) -> str:
    return f"{PREFIX}{key_id}_{secrets.token_hex(SECRET_BYTES)}"


def hash_of(key: str) -> str:
    """In hex. A plain hash will do: nobody guesses 256 bits."""
    return hashlib.sha256(key.encode(errors="surrogateescape")).hexdigest()


def id_in(key: str) -> str | None:
    """None: it has not the form of our keys."""
    found = FORM.fullmatch(key)
    return found[1] if found else None
