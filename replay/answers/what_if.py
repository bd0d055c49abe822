"""`--set name=value`: what else a search is to be made with, instead of what it was made with."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import orjson
from pydantic import ValidationError

from schemas.errors import InvalidRequest
from schemas.heard import Heard
from schemas.search import SearchRequest
from schemas.settings import ServingSettings
from serving.heard_record import SETTINGS

EF: Final = "ef"
EF_MAX: Final = 10_000
FIXED: Final = frozenset(("facets", "generation", "partitions", "fallback_below", "personalise_strength"))
"""Settings whose effect a record does not hold: shards, words and the session would have answered otherwise."""
ASKED: Final = frozenset(("page", "limit", "ranker", "mmr_lambda", "group_limit"))
"""Of the request."""


class WhatIf(NamedTuple):
    settings: dict[str, Any]
    asked: dict[str, Any]
    ef: int | None = None

    def change(self, heard: Heard) -> Heard:
        """Raises InvalidRequest where the request would not be one."""
        try:
            asked = SearchRequest.model_validate({**heard.asked.model_dump(exclude_none=True), **self.asked})
            settings = ServingSettings.model_validate({**heard.settings, **self.settings}).model_dump(mode="json")
        except ValidationError as error:
            raise InvalidRequest("bad_set", f"--set: {error.errors()[0]['msg']}") from error
        return heard.model_copy(update={"asked": asked, "settings": {name: settings[name] for name in heard.settings}})


def what_if(given: Sequence[str]) -> WhatIf:
    """Reads `name=value`. Raises InvalidRequest that names what can be set."""
    settings, asked, ef = dict[str, Any](), dict[str, Any](), None
    for text in given:
        name, equals, value = text.partition("=")
        if name == EF and equals and value.isdigit() and 1 <= int(value) <= EF_MAX:
            ef = int(value)
        elif name in ASKED and equals:
            asked[name] = _value(value)
        elif name in SETTINGS and name not in FIXED and equals:
            settings[name] = _value(value)
        else:
            names = ", ".join(sorted({EF, *ASKED, *(set(SETTINGS) - FIXED)}))
            raise InvalidRequest("bad_set", f"--set {text!r} is not name=value", hint=f"what can be set: {names}")
    return WhatIf(settings, asked, ef)


def _value(text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text
