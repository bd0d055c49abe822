"""The pages' files as they are packaged, Algolia's clients too: read once, each with a tag and a gzipped copy."""

import gzip
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib.resources import files
from typing import Any

import xxhash

from serving.page_in_one import in_one, policy_of

TYPES = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".txt": "text/plain",
    ".map": "application/json",
}
VENDOR = "vendor"
"""The folder of what others wrote; vendored.json there says who, and with which licence."""
INCLUDE = re.compile(r"<!-- include: ([a-z]+\.part) -->\n")
"""What two pages have in common stands in a file of its own."""
VARIANTS = 'data-variants="{}"'
"""Where the shop's page finds the attribute that its variants share."""


@dataclass(frozen=True)
class PageFile:
    body: bytes
    small: bytes
    """The same, gzipped."""
    content_type: str
    tag: str
    """Strong ETag; another one for the gzipped bytes."""
    policy: str
    """Content-Security-Policy."""


def vendored() -> list[dict[str, Any]]:
    """What others wrote: file, package, version, licence, sha256."""
    told: list[dict[str, Any]] = json.loads((files("serving") / "page" / VENDOR / "vendored.json").read_bytes())
    return told


@cache
def read_page_files(variants: str = "") -> Mapping[str, PageFile]:
    """By name: `shop.html` with its styles and scripts in it, `shop.map`, its source map, and each file alone.

    `variants`: the attribute that variants of one thing share; empty: the shop's page takes one of the usual names.
    """
    texts = read_texts()
    for name in [name for name in texts if name.endswith(".html")]:
        map_name = f"{name.removesuffix('.html')}.map"
        page = texts[name].replace(VARIANTS.format(""), VARIANTS.format(escape(variants)))
        texts[name], source_map = in_one(page, texts, f"/page/{map_name}")
        texts[map_name] = json.dumps(source_map)
    return {name: _file(text, TYPES[_kind(name)]) for name, text in texts.items() if _kind(name) in TYPES}


def read_texts() -> dict[str, str]:
    """By name, as they were written, with what they include."""
    page = files("serving") / "page"
    entries = (entry for folder in (page, page / VENDOR) for entry in folder.iterdir() if entry.is_file())
    texts = {entry.name: entry.read_bytes().decode() for entry in entries}
    return {name: INCLUDE.sub(lambda part: texts[part[1]], text) for name, text in texts.items()}


def _file(text: str, content_type: str) -> PageFile:
    body = text.encode()
    policy = policy_of(text if content_type == TYPES[".html"] else "")
    return PageFile(body, gzip.compress(body, mtime=0), content_type, xxhash.xxh3_64_hexdigest(body), policy)


def _kind(name: str) -> str:
    return name[name.rfind(".") :]
