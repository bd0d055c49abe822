"""Which reader a file needs: told by its content first, then by its name, unless somebody says."""

import re
from collections.abc import Callable
from pathlib import Path

from freshet.imports.readers.delimited import Delimited
from freshet.imports.readers.jsonl import JsonLines
from freshet.imports.readers.parquet import MAGIC, Parquet
from freshet.imports.readers.rows import Source
from freshet.imports.readers.shopify import is_shopify, shopify_file
from freshet.imports.readers.stored import BOM, head_of, is_plain
from freshet.imports.readers.text import UTF_8
from schemas.errors import SettingsError

TABLES = frozenset({"csv", "tsv", "shopify"})
BY_SUFFIX = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".csv": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".xml": "google",
    ".rss": "google",
    ".atom": "google",
}


def _google(path: Path, encoding: str) -> Source:
    from freshet.imports.readers.google_feed import GoogleFeed

    return GoogleFeed(path)


READERS: dict[str, Callable[[Path, str], Source]] = {
    "jsonl": lambda path, encoding: JsonLines(path),
    "csv": lambda path, encoding: Delimited(path, "csv", encoding),
    "tsv": lambda path, encoding: Delimited(path, "tsv", encoding),
    "parquet": lambda path, encoding: Parquet(path),
    "google": _google,
    "shopify": lambda path, encoding: shopify_file(path, encoding),
}
FORMATS = tuple(READERS)


def open_source(path: Path, format: str = "", encoding: str = "") -> Source:
    """Raises SettingsError for a missing or empty file, an unknown format, or an encoding where none applies."""
    if format and format not in READERS:
        raise SettingsError(f"there is no format {format!r}", hint=f"--format takes one of {', '.join(FORMATS)}")
    head = head_of(path)
    chosen = format or _told_by_content(head, path, encoding)
    if encoding and chosen not in TABLES:
        raise SettingsError(f"{path} is {chosen}, which says itself how it is encoded", hint="leave --encoding away")
    return READERS[chosen](path, encoding or UTF_8)


def _told_by_content(head: bytes, path: Path, encoding: str) -> str:
    start = head.removeprefix(BOM).lstrip()
    if start.startswith(MAGIC):
        if not is_plain(path):
            raise SettingsError(f"{path} is Parquet inside gzip", hint="unpack it first: gunzip")
        return "parquet"
    by_name = _told_by_name(path)
    if start.startswith(b"<") or (b"\x00<" in start[:8] or b"<\x00" in start[:8]):
        return "google"
    if by_name == "jsonl" or (not by_name and start.startswith(b"{")):
        return _json_lines(start, path)
    if by_name in ("parquet", "google"):
        raise SettingsError(f"{path} is not what its name says: it does not begin like {by_name}", hint="give --format")
    table = Delimited(path, by_name or "csv", encoding or UTF_8)
    return "shopify" if is_shopify(table.header) else by_name or ("tsv" if table.separator == "\t" else "csv")


def _told_by_name(path: Path) -> str:
    suffixes = [suffix.lower() for suffix in path.suffixes if suffix.lower() != ".gz"]
    return BY_SUFFIX.get(suffixes[-1], "") if suffixes else ""


def _json_lines(start: bytes, path: Path) -> str:
    if path.suffix.lower() == ".json" and re.match(rb"\[\s*\{", start):
        raise SettingsError(
            f"{path} is one JSON array, not JSON Lines", hint="one product a line: jq -c '.[]' FILE > FILE.jsonl"
        )
    return "jsonl"
