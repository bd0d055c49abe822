"""What `freshet bench embed` does: the texts of a file through the encoder alone."""

import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import orjson

from bench import embed as bench_embed
from bench.freshness import product
from encoders.build import ensure_bundle
from encoders.bundle import Bundle, load, model_folder
from encoders.product_text import product_text
from freshet.exit_codes import OK
from freshet.imports.mapping_file import read_mapping
from freshet.imports.product_lines import Ready, prepare
from freshet.imports.readers.choose import open_source
from freshet.printing import logs_to_stderr, print_json, print_lines
from freshet.run_import import chosen_mapping
from freshet.running import data_folder
from schemas.errors import FreshetError
from schemas.settings import EmbedSettings, read

MADE_UP = 10_000
"""Products without a file."""


def embed(
    file: Path | None, mapping: Path | None, limit: int, engine: str, threads: int, data: Path | None, as_json: bool
) -> int:
    logs_to_stderr()
    bundle = open_bundle(data)
    texts = texts_of(file, mapping, limit)
    figures = (
        bench_embed.run_engines(lambda: texts, bundle, threads)
        if engine == "all"
        else [bench_embed.run(texts, bundle, engine, threads)]
    )
    if as_json:
        print_json(figures)
        return OK
    for found in figures:
        print_lines([", ".join(f"{name} {value}" for name, value in found.items())])
    return OK


def open_bundle(data: Path | None) -> Bundle:
    """The model of a data folder, built if it is not there."""
    settings = read(EmbedSettings, os.environ)
    return load(ensure_bundle(model_folder(settings.model, data_folder(data, os.environ))))


def texts_of(file: Path | None, mapping: Path | None, limit: int) -> list[str]:
    """The first `limit` texts of a file, or made-up ones. Raises FreshetError when there is none."""
    texts = list(islice(_texts(file, mapping), limit))
    if not texts:
        raise FreshetError(f"{file} holds no product", hint="does the mapping fit? try freshet import --dry-run")
    return texts


def _texts(file: Path | None, mapping: Path | None) -> Iterator[str]:
    """What the embed agent would encode."""
    if file is None:
        made_up = (product("text", number) for number in range(MADE_UP))
        yield from (product_text(item["title"], item["brand"], item["description"]) for item in made_up)
        return
    source = open_source(file)
    rules = chosen_mapping(read_mapping(mapping) if mapping else None, source, "")
    for row in source.rows():
        made = prepare(row, rules)
        if isinstance(made, Ready):
            event = orjson.loads(made.event)
            yield product_text(event.get("title", ""), event.get("brand"), event.get("description"))
