"""What `bench suggest` does: call bench/suggest.py, print its figures."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.search import built_in_queries, read_queries
from bench.suggest import measure_suggest
from freshet.exit_codes import MISMATCH, OK
from freshet.printing import print_json, print_lines
from freshet.run_bench import PERCENTILES, measured, row
from freshet.target import find_target
from schemas.errors import SettingsError


def suggest(qps: float, seconds: float, queries: Path | None, url: str, data: Path | None, as_json: bool) -> int:
    """MISMATCH when one failed."""
    target = find_target(url, data)
    try:
        texts = read_queries(queries) if queries else built_in_queries()
    except (OSError, ValueError) as error:
        raise SettingsError(str(error)) from None
    figures: dict[str, Any] = measured(measure_suggest(target.url, texts, qps=qps, seconds=seconds, key=target.key))
    if as_json:
        print_json(figures)
    else:
        print_lines(lines(figures))
    return MISMATCH if figures["errors"] else OK


def lines(figures: dict[str, Any]) -> Iterator[str]:
    yield f"ms from the intended send time, {figures['qps']:g}/s, queries typed letter by letter"
    yield row("", ["suggestions", *PERCENTILES, "errors", "degraded"])
    yield row("", [figures[key] for key in ("count", *PERCENTILES, "errors", "degraded")])
    yield "with " + ", ".join(f"{kind} {count:,}" for kind, count in figures["with"].items())
