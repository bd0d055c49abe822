"""A dry run: every row is mapped and checked as the server would, and nothing is sent."""

import resource
import time
from itertools import islice
from typing import Any

from freshet.imports.mapping_file import FieldMapping
from freshet.imports.product_lines import LeftOut, Ready, Refused, prepare, refused
from freshet.imports.readers.rows import Row, Source
from freshet.imports.reasons_seen import Reasons
from freshet.imports.rejected import RejectedFile
from freshet.progress import Show, Step
from schemas.errors import InvalidEvent
from schemas.events import decode_event

SHOW_EVERY_ROWS = 500


def checked(row: Row, mapping: FieldMapping | None) -> Ready | Refused | LeftOut:
    """As `prepare`, and refuses what the server would refuse. Pure."""
    made = prepare(row, mapping)
    if isinstance(made, Ready):
        try:
            decode_event(made.event)
        except InvalidEvent as error:
            return refused(row, error)
    return made


def dry_run(
    source: Source, mapping: FieldMapping | None, limit: int | None, rejected: RejectedFile, show: Show
) -> dict[str, Any]:
    """Checks all rows and writes the rejected ones; returns the figures that docs/import.md explains."""
    good, left_out, cuts, reasons = 0, 0, 0, Reasons()
    begun_s, begun_cpu_s, size = time.monotonic(), time.process_time(), max(1, source.size_bytes)
    for rows, row in enumerate(islice(source.rows(), limit), start=1):
        made = checked(row, mapping)
        if isinstance(made, Ready):
            good, cuts = good + 1, cuts + made.cuts
        elif isinstance(made, LeftOut):
            left_out += 1
        else:
            reasons.add(made)
            rejected.add(made)
        if rows % SHOW_EVERY_ROWS == 0:
            share = max(row.bytes_read / size, rows / limit if limit else 0.0)
            show.update(_step(rows, min(1.0, share), time.monotonic() - begun_s, reasons.total), time.monotonic())
    cpu_s = time.process_time() - begun_cpu_s
    lines, seconds = good + left_out + reasons.total, time.monotonic() - begun_s
    return {
        "dry_run": True,
        "format": source.format,
        "lines": lines,
        "good": good,
        "left_out": left_out,
        "rejected": reasons.total,
        "reasons": reasons.counts,
        "examples": reasons.examples(),
        "cuts": cuts,
        "rejected_file": str(rejected.path) if reasons.total else None,
        "seconds": round(seconds, 2),
        "cpu_s": round(cpu_s, 2),
        "lines_per_s": round(lines / seconds, 1) if seconds > 0 else None,
        "peak_rss_mb": peak_rss_mb(),
    }


def peak_rss_mb() -> float:
    """The most memory this process had at once. Linux counts KiB."""
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)


def _step(rows: int, share: float, seconds: float, rejected: int) -> Step:
    eta_s = seconds * (1 - share) / share if share > 0 else None
    return Step("checked", rows, share, rows / max(seconds, 0.001), eta_s, rejected)
