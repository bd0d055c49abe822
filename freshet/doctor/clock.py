"""The clock: of a sane year, not behind what was written already, not jumping, and with the HTTP tier's."""

import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path

from freshet.doctor.finding import Finding, ok, problem, warning
from freshet.doctor.place import Place
from freshet.http_page import look
from freshet.status.look import kafka_answers
from freshet.status.table import duration
from schemas.errors import FreshetError
from schemas.topics import topic_name

NAME = "clock"
YEAR_MIN = 2025
"""This version is not older."""
AHEAD_S_MAX = 60.0
"""Further than that in the future is no rounding and no slow disk."""
SKEW_S_MAX = 5.0
"""Between this machine and the tier's; the header `Date` has whole seconds."""
WATCHED_S = 0.25
JUMP_S_MAX = 0.05
LOOKED_AT = ("state.json", "logs/*.log", "kafka/log/*/*.log", "shards/*/manifest-*.json")
SET_CLOCK = "set the clock and keep it set: sudo timedatectl set-ntp true"


@dataclass(frozen=True)
class ClockFacts:
    now_s: float
    newest_s: float = 0.0
    newest: str = ""
    """The file that was changed last, and when."""
    log_ahead: bool = False
    """Kafka holds records that it appended in what is the future here (LogAppendTime)."""
    jumped_s: float = 0.0
    """By how much the clock and a steady one differed over WATCHED_S."""
    tier_ahead_s: float | None = None


def examine(place: Place) -> list[Finding]:
    return judge(gather(place))


def gather(place: Place) -> ClockFacts:
    wall, steady = time.time(), time.monotonic()
    time.sleep(WATCHED_S)
    jumped_s = (time.time() - wall) - (time.monotonic() - steady)
    now_s = time.time()
    newest_s, newest = max(_changed(place.data), default=(0.0, Path())) if place.local else (0.0, Path())
    return ClockFacts(
        now_s=now_s,
        newest_s=newest_s,
        newest=str(newest),
        log_ahead=_log_ahead(place, now_s),
        jumped_s=jumped_s,
        tier_ahead_s=_tier_ahead(place),
    )


def judge(facts: ClockFacts) -> list[Finding]:
    found = []
    year = time.gmtime(facts.now_s).tm_year
    if year < YEAR_MIN:
        found.append(problem(NAME, f"the clock says it is the year {year}", SET_CLOCK))
    ahead_s = facts.newest_s - facts.now_s
    if ahead_s > AHEAD_S_MAX:
        says = f"{facts.newest} was changed {duration(ahead_s)} from now: the clock is behind, or it went back"
        found.append(problem(NAME, says, SET_CLOCK))
    if facts.log_ahead:
        says = f"Kafka has records it appended more than {AHEAD_S_MAX:g} s from now: its clock or this one is wrong"
        found.append(problem(NAME, says, SET_CLOCK))
    if abs(facts.jumped_s) > JUMP_S_MAX:
        says = f"the clock moved by {facts.jumped_s * 1000:+.0f} ms within {WATCHED_S:g} s: something sets it"
        found.append(warning(NAME, says, SET_CLOCK))
    if facts.tier_ahead_s is not None and abs(facts.tier_ahead_s) > SKEW_S_MAX:
        says = f"the HTTP tier's clock differs from this one by {facts.tier_ahead_s:+.0f} s"
        found.append(warning(NAME, says, SET_CLOCK))
    at = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(facts.now_s))
    return found or [ok(NAME, f"{at}, steady, and behind nothing that was written")]


def _changed(data: Path) -> Iterator[tuple[float, Path]]:
    for pattern in LOOKED_AT:
        for path in data.glob(pattern):
            with suppress(FileNotFoundError):
                yield path.stat().st_mtime, path


def _log_ahead(place: Place, now_s: float) -> bool:
    """Nobody produces for it: Kafka is asked for the first record that came after a time in the future."""
    if not kafka_answers(place.kafka):
        return False
    from streams.reader import Reader

    reader, topic = Reader(place.kafka), topic_name("outcomes", place.generation)
    try:
        return reader.offset_at(topic, 0, int((now_s + AHEAD_S_MAX) * 1000)) < reader.begin_end(topic, 0)[1]
    except FreshetError:  # it went away, or has no topics yet
        return False
    finally:
        reader.close()


def _tier_ahead(place: Place) -> float | None:
    date = look(place.url, "/healthz").date if place.url else ""
    with suppress(ValueError):
        return parsedate_to_datetime(date).timestamp() - time.time() if date else None
    return None
