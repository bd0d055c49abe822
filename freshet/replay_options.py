"""What the options of `freshet replay` say: spans of time, moments, and what is to be otherwise."""

import time
from collections.abc import Sequence
from functools import partial

from freshet.show_logs import since
from replay.answers.records import Span
from replay.answers.what_if import WhatIf, what_if
from replay.shards.moment import Moment, written_offsets


def span_of(begin: str, end: str) -> Span:
    """`--from` and `--to`; an empty one is open. Raises InvalidRequest for what is no time."""
    now_s = time.time()
    return Span(
        round(since(begin, now_s, "--from") * 1000) if begin else None,
        round(since(end, now_s, "--to") * 1000) if end else None,
    )


def moment_of(text: str, option: str = "--at") -> Moment:
    """Offsets, or a time. Raises InvalidRequest for what is neither."""
    offsets = written_offsets(text)
    return offsets or Moment(time_ms=round(since(text, time.time(), option) * 1000))


def instead_of(given: Sequence[str]) -> WhatIf:
    """Of each `--set`. Raises InvalidRequest, SettingsError."""
    return what_if(given, partial(moment_of, option="--set at="))
