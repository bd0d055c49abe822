"""What `eval typos` does: call bench/typos.py, print its figures."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from bench.typos import evaluate_shop, read_pairs
from freshet.exit_codes import OK
from freshet.printing import print_json, print_lines
from freshet.run_bench import measured, row
from freshet.target import find_target
from schemas.errors import SettingsError

MODES = {"words": ("words",), "hybrid": ("hybrid",), "all": ("words", "hybrid")}
COLUMNS = ("overlap_half", "zero_results", "harmed", "corrected", "took_ms", "corrected_took_ms")
HEADINGS = ("right", "empty", "harmed", "corrected", "p50, p95 ms", "of corrected")


def typos(
    folder: Path, mode: str, locale: str, limit: int, failures: bool, url: str, data: Path | None, as_json: bool
) -> int:
    if mode not in MODES:
        raise SettingsError(f"there is no mode {mode!r}", hint=f"Give one of {', '.join(MODES)}.")
    try:
        pairs = read_pairs(folder)[:limit]
    except ValueError as error:
        raise SettingsError(str(error)) from None
    target = find_target(url, data)
    figures = measured(evaluate_shop(target.url, pairs, MODES[mode], locale=locale or None, key=target.key))
    if as_json:
        print_json(figures)
    else:
        print_lines(lines(figures, MODES[mode]))
        if failures:
            print_lines(line for name in MODES[mode] for line in failure_lines(name, figures[name]["on"]["failures"]))
    return OK


def failure_lines(mode: str, failures: Sequence[Mapping[str, str]]) -> Iterator[str]:
    """Grouped by cause: what was typed, what people made of it, and what Freshet searched instead."""
    for cause, group in groupby(failures, key=lambda one: one["cause"]):
        listed = list(group)
        yield f"{mode}, {cause}: {len(listed)}"
        for one in listed:
            yield f"  {one['query']} | {one['corrected']} | {one['searched']}"


def lines(figures: dict[str, Any], modes: tuple[str, ...]) -> Iterator[str]:
    yield f"{figures['counted']:,} of {figures['pairs']:,} pairs: their correction has 3 hits by words, or more"
    yield row("", list(HEADINGS))
    for mode in modes:
        for name, words in (("off", "as typed"), ("on", "put right")):
            yield row(f"{mode}, {words}", [figures[mode][name][column] for column in COLUMNS])
