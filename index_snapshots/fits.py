"""How well the best candidates of a search fit what its query wishes beside its meaning, from what they show."""

from collections.abc import Sequence
from typing import Final

import orjson

from index_snapshots.mentions import Stance, Wanted, may_name, stance
from index_snapshots.size_match import having
from schemas.wishes import HAS_FIT, LACKS_FIT, SIZE_FIT, TELLS_FIT, Wishes

STANCE_FIT: Final[dict[Stance, float]] = {"has": HAS_FIT, "tells": TELLS_FIT, "lacks": LACKS_FIT, "silent": 1.0}


def fits(wishes: Wishes, bodies: Sequence[bytes]) -> list[float]:
    """For each body (JSON of a content) what its score is to be multiplied with."""
    found = [1.0] * len(bodies)
    for phrase in wishes.unwanted:
        wanted = Wanted(phrase, tuple(wishes.before), tuple(wishes.after))
        found = [fit * STANCE_FIT[said] for fit, said in zip(found, stances(wanted, bodies), strict=True)]
    for size in wishes.sizes:
        has = having(bodies, size)
        found = [fit * (SIZE_FIT if fitting else 1.0) for fit, fitting in zip(found, has, strict=True)]
    return found


def stances(wanted: Wanted, bodies: Sequence[bytes]) -> list[Stance]:
    """What each says. A phrase that nothing names is too long: it is tried without its last word, and so on.

    "without fan silent white" means the fan, and no text holds all these words.
    """
    asked: Wanted | None = wanted
    while asked is not None:
        said = [_stance(body, asked) for body in bodies]
        if any(one != "silent" for one in said):
            return said
        asked = asked.shorter
    return ["silent"] * len(bodies)


def _stance(body: bytes, wanted: Wanted) -> Stance:
    return stance(orjson.loads(body), wanted) if may_name(body, wanted) else "silent"
