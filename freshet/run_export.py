"""What `freshet export` does: write the catalogue as of one place in the log, whole or not at all."""

import contextlib
import gzip
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from freshet.exit_codes import OK
from freshet.imports.catalogue_cut import CommittedLog, Cut, Product, newest_cut, products
from freshet.imports.product_files import csv_header, csv_line, json_line
from freshet.printing import print_json, say
from freshet.progress import Show, Step, duration, show_on
from freshet.target import find_target
from schemas.errors import FreshetError, SettingsError
from schemas.topics import topic_name
from streams.reader import Reader

FORMATS = ("jsonl", "csv")
SUFFIXES = {".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "jsonl", ".csv": "csv"}
SHOW_EVERY = 500
GZIP_LEVEL = 6


def export_products(file: Path | None, format: str, data: Path | None, as_json: bool) -> int:
    chosen = chosen_format(file, format)
    if file is None and as_json:
        raise SettingsError("--json and products on stdout do not go together", hint="name a FILE")
    target = find_target("", data, reads_kafka=True)
    reader = Reader(target.kafka)
    try:
        with written(file) as out, show_on() as show:
            result = export(reader, target.generation, target.partitions, chosen, out, show)
    finally:
        reader.close()
    result["file"] = str(file) if file else None
    if as_json:
        print_json(result)
    else:
        say(report(result))
    return OK


def chosen_format(file: Path | None, format: str) -> str:
    """Raises SettingsError for an unknown one."""
    if format:
        if format not in FORMATS:
            raise SettingsError(f"there is no format {format!r} to export", hint=f"--format takes {', '.join(FORMATS)}")
        return format
    suffixes = [suffix.lower() for suffix in file.suffixes if suffix.lower() != ".gz"] if file else []
    if suffixes and suffixes[-1] not in SUFFIXES:
        raise SettingsError(f"{file} does not say by its name what it is", hint=f"give --format {' or '.join(FORMATS)}")
    return SUFFIXES[suffixes[-1]] if suffixes else "jsonl"


def export(
    reader: CommittedLog, generation: int, partitions: int, format: str, out: BinaryIO, show: Show
) -> dict[str, Any]:
    """Returns how many products there are, and of which place in the log."""
    cut, begun_s, count = newest_cut(reader, generation, partitions), time.monotonic(), 0
    line: Callable[[Product], bytes] = csv_line if format == "csv" else json_line
    total = _records(reader, cut)
    if format == "csv":
        out.write(csv_header())
    for count, product in enumerate(products(reader, cut), start=1):
        out.write(line(product))
        if count % SHOW_EVERY == 0:
            seconds = time.monotonic() - begun_s
            share = min(1.0, count / max(1, total))
            show.update(
                Step("exported", count, share, count / max(seconds, 0.001), seconds / share - seconds, 0),
                time.monotonic(),
            )
    return {
        "products": count,
        "format": format,
        "generation": generation,
        "catalog_offsets": {str(partition): end for partition, end in cut.ends.items()},
        "seconds": round(time.monotonic() - begun_s, 2),
    }


def report(result: dict[str, Any]) -> str:
    where = result["file"] or "stdout"
    places = ", ".join(f"{partition}: {end:,}" for partition, end in result["catalog_offsets"].items())
    return (
        f"{result['products']:,} products to {where} in {duration(result['seconds'])}; "
        f"the state after all events before these offsets of catalog: {places}"
    )


def _records(reader: CommittedLog, cut: Cut) -> int:
    """In `contents`: at least as many as there are products."""
    topic = topic_name("contents", cut.generation)
    return sum(end - first for first, end in (reader.begin_end(topic, partition) for partition in cut.ends))


@contextlib.contextmanager
def written(file: Path | None) -> Iterator[BinaryIO]:
    """Stdout, or a file that is there with all of it or not at all."""
    if file is None:
        yield sys.stdout.buffer
        sys.stdout.flush()
        return
    part = file.with_name(f".{file.name}.part")
    try:
        with part.open("wb") as plain, _packed(file, plain) as out:
            yield out
        with part.open("rb") as written:
            os.fsync(written.fileno())
        os.replace(part, file)
    except OSError as error:
        raise FreshetError(f"cannot write {file}: {error.strerror or error}") from error
    finally:
        part.unlink(missing_ok=True)


@contextlib.contextmanager
def _packed(file: Path, plain: BinaryIO) -> Iterator[BinaryIO]:
    if file.suffix.lower() != ".gz":
        yield plain
        return
    with gzip.GzipFile(fileobj=plain, mode="wb", compresslevel=GZIP_LEVEL, filename="", mtime=0) as out:
        yield out  # type: ignore[misc]
