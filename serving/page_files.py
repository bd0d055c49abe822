"""The pages' files as they are packaged, Algolia's clients too: read once, each with a tag and a gzipped copy."""

import gzip
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import xxhash

TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".txt": "text/plain"}
VENDOR = "vendor"
"""The folder of what others wrote; vendored.json there says who, and with which licence."""
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
"""Content-Security-Policy of the page: its own files, and pictures that stand in the products themselves."""


INCLUDE = re.compile(rb"<!-- include: ([a-z]+\.part) -->\n")
"""What two pages have in common stands in a file of its own."""


@dataclass(frozen=True)
class PageFile:
    body: bytes
    small: bytes
    """The same, gzipped."""
    content_type: str
    tag: str
    """Strong ETag; another one for the gzipped bytes."""


def vendored() -> list[dict[str, Any]]:
    """What others wrote: file, package, version, licence, sha256."""
    told: list[dict[str, Any]] = json.loads((files("serving") / "page" / VENDOR / "vendored.json").read_bytes())
    return told


@cache
def read_page_files() -> Mapping[str, PageFile]:
    """By name, `index.html` among them."""
    found, page = {}, files("serving") / "page"
    for entry in (*page.iterdir(), *(page / VENDOR).iterdir()):
        kind = TYPES.get(entry.name[entry.name.rfind(".") :])
        if kind:
            body = INCLUDE.sub(lambda part: (page / part[1].decode()).read_bytes(), entry.read_bytes())
            found[entry.name] = PageFile(body, gzip.compress(body, mtime=0), kind, xxhash.xxh3_64_hexdigest(body))
    return found
