"""What `freshet bench import` does: an import between two measurements of the encoder alone, and their ratio."""

import os
import statistics
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench import embed as bench_embed
from freshet.exit_codes import FAILED
from freshet.imports.report import exit_code, report_lines
from freshet.printing import logs_to_stderr, print_json, print_lines, say
from freshet.run_bench_embed import open_bundle, texts_of
from freshet.run_import import ImportOptions, run_import
from freshet.target import find_target
from schemas.errors import SettingsError
from schemas.settings import EmbedSettings, read

TEXTS = 2_000
"""Measured with each time: about ten seconds of one slow core."""
BATCH = 200
GOAL = 0.8
"""Share of the encoder's own speed that an import should reach."""
NEW_SHARE_MIN = 0.9
"""With fewer new products the encoder was not the work of the import, and a ratio would flatter."""

PARTS = {"encoder_before": "the first measurement", "import": "the import", "encoder_after": "the second measurement"}


def bench_import(file: Path, mapping: Path | None, limit: int | None, data: Path | None, as_json: bool) -> int:
    """The import's exit code; FAILED also when there is no ratio."""
    logs_to_stderr()
    if not file.is_file():
        raise SettingsError(f"there is no file {file}")
    find_target("", data)  # the stack is missed before ten seconds of measuring, not after
    settings = read(EmbedSettings, os.environ)
    bundle, texts = open_bundle(data), texts_of(file, mapping, min(limit or TEXTS, TEXTS))
    options = ImportOptions(file, mapping, limit=limit, batch=BATCH, as_json=as_json, restart=True)

    def encoder_alone(when: str) -> dict[str, Any]:
        say(f"the encoder alone, {when} the import: {len(texts):,} texts")
        load = os.getloadavg()
        figures = bench_embed.run(texts, bundle, settings.engine, settings.embed_threads)
        return {**figures, "load_average": load}

    before = encoder_alone("before")
    load = os.getloadavg()
    done = run_import(options, "", data)
    done["load_average"] = load
    after = encoder_alone("after")
    figures = {**compared(before, done, after), "load_average_at_the_end": os.getloadavg()}
    if as_json:
        print_json(figures)
    else:
        print_lines(lines(figures))
    if figures["no_ratio"]:
        say(f"no ratio: {figures['no_ratio']}")
    return exit_code(done) or (FAILED if figures["no_ratio"] else 0)


def compared(before: dict[str, Any], done: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """The figures of a run; `ratio` is null when `no_ratio` says why. Pure."""
    encoder_per_s = statistics.median([before["texts_per_s"], after["texts_per_s"]])
    why_not = no_ratio(done)
    ratio = None if why_not else round(done["products_per_s"] / encoder_per_s, 3)
    return {
        "products_per_s": done.get("products_per_s"),
        "encoder_texts_per_s": round(encoder_per_s, 1),
        "ratio": ratio,
        "goal": GOAL,
        "goal_reached": None if ratio is None else ratio >= GOAL,
        "no_ratio": why_not,
        "encoder_before": before,
        "import": done,
        "encoder_after": after,
    }


def no_ratio(done: dict[str, Any]) -> str | None:
    """Why the import's speed says nothing about the encoder; None when it does. Pure."""
    if not done.get("all_stages_passed") or not done["acknowledged"] or not done["products_per_s"]:
        return "the import did not come to its end"
    new = done["outcomes"]["indexed"]
    if new < NEW_SHARE_MIN * done["acknowledged"]:
        return (
            f"only {new:,} of {done['acknowledged']:,} products were new or changed, and the others are not encoded: "
            "import into an empty data folder, or a file the shop does not have"
        )
    encoded = done["texts_encoded"]
    if encoded is not None and encoded < NEW_SHARE_MIN * done["acknowledged"]:
        return f"only {encoded:,} texts were encoded for {done['acknowledged']:,} products"
    return None


def lines(figures: dict[str, Any]) -> Iterator[str]:
    yield from report_lines(figures["import"])
    for name, what in PARTS.items():
        yield f"load average   {_load(figures[name]['load_average'])} when {what} began"
    yield f"load average   {_load(figures['load_average_at_the_end'])} at the end"
    before, after = (figures[name]["texts_per_s"] for name in ("encoder_before", "encoder_after"))
    yield f"encoder alone  {figures['encoder_texts_per_s']:,.1f} texts/s ({before:,.1f} before, {after:,.1f} after)"
    if figures["ratio"] is not None:
        yield f"import         {figures['products_per_s']:,.1f} products/s: {figures['ratio']:.3f} of the encoder alone"
        yield f"goal           {figures['goal']:g}, {'reached' if figures['goal_reached'] else 'NOT reached'}"


def _load(averages: tuple[float, float, float]) -> str:
    return " ".join(f"{average:.2f}" for average in averages)
