"""What `bench page` does: call bench/page.py, print its figures."""

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from bench.page import DEVICES, measure_page
from freshet.exit_codes import OK
from freshet.printing import print_json, print_lines
from freshet.run_bench import row
from freshet.target import find_target
from schemas.errors import SettingsError

FIGURES = {
    "first_paint_ms": "first paint, ms",
    "first_products_ms": "first products, ms",
    "key_to_result_ms": "key to result, ms",
    "key_to_result_max_ms": "the longest, ms",
    "layout_shift": "layout shift",
    "page_bytes": "page, bytes",
    "answer_bytes": "answers, bytes",
    "requests": "requests",
}


def page(path: str, device: str, runs: int, browser: str, url: str, data: Path | None, as_json: bool) -> int:
    """Raises SettingsError, Unavailable."""
    if device not in (*DEVICES, "all"):
        raise SettingsError(f"--device is {device!r}; it must be {', '.join(DEVICES)} or all")
    address = find_target(url, data).url.rstrip("/") + path
    chosen = list(DEVICES) if device == "all" else [device]
    found = [asyncio.run(measure_page(address, one, runs, browser)) for one in chosen]
    if as_json:
        print_json({"devices": found})
    else:
        print_lines(lines(found))
    return OK


def lines(found: Sequence[dict[str, Any]]) -> Iterator[str]:
    yield f"{found[0]['url']}, medians of {found[0]['runs']} first visits each"
    yield row("", [one["device"] for one in found])
    for name, words in FIGURES.items():
        yield row(words.ljust(18), [one[name] for one in found])
