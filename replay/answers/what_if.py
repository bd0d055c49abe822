"""`--set name=value`: what else a search is to be made with, instead of what it was made with."""

from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

import orjson
from pydantic import ValidationError

from replay.answers.other_rules import Rules, read_rules
from replay.shards.moment import Moment, written_offsets
from schemas.errors import InvalidRequest
from schemas.heard import Heard
from schemas.search import SearchRequest
from schemas.settings import ServingSettings
from serving.heard_record import SETTINGS

AT: Final = "at"
EF: Final = "ef"
EF_MAX: Final = 10_000
RULES: Final = "rules"
FIXED: Final = frozenset(("facets", "generation", "partitions", "fallback_below", "personalise_strength"))
"""Settings whose effect a record does not hold: shards, words and the session would have answered otherwise."""
ASKED: Final = frozenset(("page", "limit", "ranker", "mmr_lambda", "group_limit"))
"""Of the request."""
NAMES: Final = tuple(sorted({AT, EF, RULES, *ASKED, *(set(SETTINGS) - FIXED)}))
"""What can be set."""


class WhatIf(NamedTuple):
    settings: dict[str, Any]
    asked: dict[str, Any]
    ef: int | None = None
    at: Moment | None = None
    rules: Rules | None = None

    @property
    def asks_anew(self) -> bool:
        """Whether the words of the shards may be asked for what they were not asked for then."""
        return bool(self.asked or self.at or self.rules)

    def change(self, heard: Heard) -> Heard:
        """Raises InvalidRequest where the request would not be one."""
        try:
            asked = SearchRequest.model_validate({**heard.asked.model_dump(exclude_none=True), **self.asked})
            settings = ServingSettings.model_validate({**heard.settings, **self.settings}).model_dump(mode="json")
        except ValidationError as error:
            raise InvalidRequest("bad_set", f"--set: {error.errors()[0]['msg']}") from error
        other = heard.model_copy(update={"asked": asked, "settings": {name: settings[name] for name in heard.settings}})
        return self.rules.change(other) if self.rules else other


AS_IT_WAS: Final = WhatIf({}, {})


def what_if(given: Sequence[str], moment: Callable[[str], Moment | None] = written_offsets) -> WhatIf:
    """Reads `name=value`; `moment` reads `at`.

    Raises InvalidRequest that names what can be set, SettingsError for rules that cannot be read."""
    found = AS_IT_WAS
    for text in given:
        name, equals, value = text.partition("=")
        if not equals:
            raise _refused(f"--set {text!r} is not name=value")
        found = _with(found, name, value, moment)
    return found


def _with(found: WhatIf, name: str, value: str, moment: Callable[[str], Moment | None]) -> WhatIf:
    if name == AT:
        at = moment(value)
        if at is None:
            raise _refused(f"--set at={value!r} is neither an offset nor a time")
        return found._replace(at=at)
    if name == EF:
        if not (value.isdecimal() and 1 <= int(value) <= EF_MAX):
            raise _refused(f"--set ef={value!r}: it is from 1 to {EF_MAX:,}")
        return found._replace(ef=int(value))
    if name == RULES:
        return found._replace(rules=read_rules(value))
    if name in ASKED:
        return found._replace(asked={**found.asked, name: _value(value)})
    if name in FIXED:
        raise _refused(f"{name} cannot be set: a record does not hold what would have come of another one")
    if name in SETTINGS:
        return found._replace(settings={**found.settings, name: _value(value)})
    raise _refused(f"{name!r} is nothing that can be set")


def _refused(message: str) -> InvalidRequest:
    return InvalidRequest("bad_set", message, hint=f"what can be set: {', '.join(NAMES)} (docs/replay.md, What if)")


def _value(text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text
