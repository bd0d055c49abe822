"""A long drill: a catalogue that is replaced five times, a fault every 30 s, and nothing that grows."""

from typing import Final

from freshet.drills.catalogue import EVERYTHING
from freshet.drills.drill import Drill, Length
from freshet.drills.known_events import KINDS

CHURN: Final = 5
"""How often a product's text is replaced, on average."""
FAULT_EVERY_S: Final = 30.0
SKUS_PER_MINUTE: Final = 200
QUIET_S: Final = 15.0
MINUTES: Final = 10


def soak(minutes: int) -> Drill:
    """At least two minutes, so that a process lives through its warm-up."""
    skus, seconds = SKUS_PER_MINUTE * minutes, 60.0 * minutes
    text_share = KINDS["text"] / sum(KINDS.values())
    length = Length(
        faults=int((seconds - 2 * QUIET_S) / FAULT_EVERY_S),
        skus=skus,
        events_per_s=round(CHURN * skus / seconds / text_share, 1),
        searches_per_s=10.0,
        quiet_s=QUIET_S,
    )
    return Drill(
        "soak",
        ("F3",),
        f"a fault every {FAULT_EVERY_S:g} s, of all kinds, while the catalogue is replaced {CHURN} times",
        "memory, descriptors, threads and disk stay flat after the warm-up",
        EVERYTHING,
        apart_s=(FAULT_EVERY_S, FAULT_EVERY_S),
        short=length,
        long=length,
        watched=True,
        settings={
            "FRESHET_ANSWER_CACHE_MB": "1",
            "FRESHET_OUTCOMES_KEPT": "2000",
        },  # at their bounds within the warm-up
    )
