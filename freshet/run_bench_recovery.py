"""What `freshet bench recovery` does: a catalogue worker's store, rebuilt from the log of the running stack's Kafka."""

import os
from pathlib import Path

from bench.recovery import run
from freshet.exit_codes import OK
from freshet.printing import print_json, print_lines
from freshet.running import find_running


def recovery(skus: int, data: Path | None, as_json: bool) -> int:
    figures = run(find_running(data, os.environ).kafka, skus)
    if as_json:
        print_json(figures)
    else:
        print_lines([", ".join(f"{name} {value}" for name, value in figures.items())])
    return OK
