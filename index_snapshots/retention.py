"""Which snapshots stay: the newest good ones, and the one that a replay of the whole horizon begins from."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from schemas.topics import REPLAY_HORIZON_MS

HORIZON_MS: Final = REPLAY_HORIZON_MS


class Aged(NamedTuple):
    """A snapshot as this rule sees it."""

    name: str
    written_ms: int
    good: bool


def kept(found: Sequence[Aged], keep: int, now_ms: int, *, heir: bool = False) -> dict[str, str]:
    """Why each snapshot that stays does, by name; `found` is newest first, and what is not named may go.

    `heir`: so does the oldest one inside the horizon, so that there always will be one from before it.
    Without a good one all stay: damaged files are better than none while somebody looks at them.
    """
    good = [one for one in found if one.good]
    if not good:
        return {one.name: "no snapshot is good" for one in found}
    stays = {one.name: f"one of the newest {keep}" for one in good[:keep]}
    before = next((one for one in good if now_ms - one.written_ms >= HORIZON_MS), None)
    if before is not None:
        stays.setdefault(before.name, "the newest from before the replay horizon")
    inside = [one for one in good if now_ms - one.written_ms < HORIZON_MS]
    if heir and inside:
        stays.setdefault(inside[-1].name, "the oldest inside the replay horizon")
    return stays
