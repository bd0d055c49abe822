"""What `eval zero-results` does: call bench/zero_results.py, print its figures."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.zero_results import MODES, measure_zero_results, read_query_files
from freshet.exit_codes import OK
from freshet.printing import print_json, print_lines
from freshet.run_bench import measured, row
from freshet.target import find_target
from schemas.errors import SettingsError


def zero_results(folder: Path, limit: int, url: str, data: Path | None, as_json: bool) -> int:
    try:
        files = read_query_files(folder, limit)
    except (OSError, ValueError) as error:
        raise SettingsError(str(error)) from None
    target = find_target(url, data)
    figures: dict[str, Any] = measured(measure_zero_results(target.url, files, key=target.key))
    if as_json:
        print_json(figures)
    else:
        print_lines(lines(figures))
    return OK


def lines(figures: dict[str, Any]) -> Iterator[str]:
    for name, by_mode in figures.items():
        yield row(name, ["queries", "empty, off", "empty, on", "unanswered"])
        for mode in MODES:
            found = by_mode[mode]
            yield row(f"  {mode}", [found[key] for key in ("queries", "empty_off", "empty_on", "unanswered")])
            yield "    answered by " + (
                ", ".join(f"{step} {share}" for step, share in found["answered_by"].items()) or "-"
            )
