"""What `eval understanding` does: call bench/understanding.py, print its figures."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.evaluate import read_folder
from bench.understanding import STEPS, evaluate_shop
from freshet.exit_codes import OK
from freshet.printing import print_json, print_lines
from freshet.run_bench import measured, row
from freshet.target import find_target
from schemas.errors import SettingsError

COLUMNS = ("queries", "recognised", "wrong_in_top10_off", "wrong_in_top10_on")
HEADINGS = ("queries", "recognised", "wrong, off", "wrong, on")


def understanding(folder: Path, url: str, data: Path | None, as_json: bool) -> int:
    try:
        queries, _ = read_folder(folder)
    except ValueError as error:
        raise SettingsError(str(error)) from None
    target = find_target(url, data)
    figures = measured(evaluate_shop(target.url, queries.values(), key=target.key))
    if as_json:
        print_json(figures)
    else:
        print_lines(lines(figures))
    return OK


def lines(figures: dict[str, Any]) -> Iterator[str]:
    yield row("", list(HEADINGS))
    for step in STEPS:
        yield row(step, [figures[step][column] for column in COLUMNS])
    untouched = figures["untouched"]
    read = untouched["read_something"]
    yield f"{untouched['queries']:,} queries as they are: something was read out of {len(read)} {read or ''}".rstrip()
    yield f"of their top 10 {untouched['same_in_top10']} are the same"
