"""What `freshet bench embed` does: the texts of a file through the encoder alone."""

import os
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import orjson
import structlog

from bench import embed as bench_embed
from bench.freshness import product
from encoders.build import MODEL_ID, ensure_bundle
from encoders.bundle import load
from encoders.product_text import product_text
from freshet.exit_codes import OK
from freshet.mapping import read_mapping
from freshet.printing import print_json, print_lines
from freshet.product_lines import Ready, prepare, read_lines
from schemas.errors import FreshetError
from schemas.settings import EmbedSettings, read

MADE_UP = 10_000
"""Products without a file."""


def embed(
    file: Path | None, mapping: Path | None, limit: int, engine: str, threads: int, data: Path | None, as_json: bool
) -> int:
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))  # stdout holds the result only
    settings = read(EmbedSettings, os.environ)
    bundle = load(ensure_bundle(settings.model or (data or settings.data).resolve() / "models" / MODEL_ID))
    texts = list(islice(_texts(file, mapping), limit))
    if not texts:
        raise FreshetError(f"{file} holds no product", hint="does the mapping fit? try freshet import --dry-run")
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


def _texts(file: Path | None, mapping: Path | None) -> Iterator[str]:
    """What the embed agent would encode."""
    if file is None:
        made_up = (product("text", number) for number in range(MADE_UP))
        yield from (product_text(item["title"], item["brand"], item["description"]) for item in made_up)
        return
    rules = read_mapping(mapping) if mapping else None
    for line in read_lines(file):
        made = prepare(line, rules)
        if isinstance(made, Ready):
            event = orjson.loads(made.event)
            yield product_text(event.get("title", ""), event.get("brand"), event.get("description"))
