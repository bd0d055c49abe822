"""D7: many more searches than can be answered. Nearly as much is answered in time, the rest is told at once."""

import json
import subprocess
import sys
from typing import Any, Final

from freshet.drills.cores import Cores
from freshet.drills.stage import Stage
from schemas.errors import FreshetError

CLIENTS: Final = (8, 16)
"""So many searches at once find out what the shop can do."""
MEASURED_S: Final = 5.0
GOODPUT_MIN: Final = 0.8
"""Of what can be done."""
REFUSED_S_MAX: Final = 0.05
"""99 % of the refusals come sooner, once the rush has opened its connections."""
RECOVERED_S_MAX: Final = 10.0
GRACE_S: Final = 120.0


def twice(stage: Stage, process: str, lasts_s: float) -> None:
    _flood(stage, 2, lasts_s)


def five_times(stage: Stage, process: str, lasts_s: float) -> None:
    _flood(stage, 5, lasts_s)


def _flood(stage: Stage, times: int, seconds: float) -> None:
    """How much can be done is measured before and after: what else the machine does changes within a minute. Raises
    FreshetError when too little was done in time, or the rest was not refused at once."""
    url = stage.up.state().url
    clients = max(CLIENTS, key=lambda count: float(_rush(url, "closed", count, MEASURED_S)["good_per_s"]))
    measured = Cores(stage.up)
    before = _rush(url, "closed", clients, MEASURED_S)["good_per_s"]
    cores = {"before": measured.taken()}
    flooded = Cores(stage.up)
    seen = _rush(url, "open", times * before, seconds)
    cores["during"] = flooded.taken()
    later = _rush(url, "open", before / 2, RECOVERED_S_MAX + 2)
    after = _rush(url, "closed", clients, MEASURED_S)["good_per_s"]
    figures = {"can_per_s": [before, after], "during": seen, "half as many after it": later, "cores": cores}
    stage.notes.append({"rush": times, **figures})
    if wrong := [*broken(seen, (before + after) / 2), *not_recovered(later)]:
        raise FreshetError(f"{times} times as many searches as can be answered: {'; '.join(wrong)}")


def _rush(url: str, kind: str, amount: float, seconds: float) -> dict[str, Any]:
    """In a process of its own: this one would be late with what it sends."""
    command = [sys.executable, "-m", "freshet.drills.rush", url, kind, str(amount), str(seconds)]
    run = subprocess.run(command, check=True, capture_output=True, timeout=seconds + GRACE_S)
    told: dict[str, Any] = json.loads(run.stdout)
    return told


def broken(seen: dict[str, Any], can_per_s: float) -> list[str]:
    """What is wrong with the answers of a rush, in words."""
    share = seen["good_per_s"] / can_per_s if can_per_s else 0.0
    compared = (
        (share < GOODPUT_MIN, f"{share:.0%} of what can be done was done in time"),
        (seen["other"] > 0, f"{seen['other']} were neither answered nor refused"),
        (seen["without_retry_after"] > 0, f"{seen['without_retry_after']} were not told when to come again"),
        (seen["refused_p99_s"] > REFUSED_S_MAX, f"refusals took {seen['refused_p99_s']:g} s (p99)"),
    )
    return [said for is_wrong, said in compared if is_wrong]


def not_recovered(later: dict[str, Any]) -> list[str]:
    compared = (
        (later["other"] > 0, f"{later['other']} after it were neither answered nor refused"),
        (later["last_bad_after_s"] >= RECOVERED_S_MAX, f"not all was well {later['last_bad_after_s']:g} s after it"),
    )
    return [said for is_wrong, said in compared if is_wrong]
