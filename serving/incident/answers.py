"""What the served log says of one answer, as far as a list or a figure needs it: a full record has 16 KB. Pure."""

from typing import Any, Final, Literal, NamedTuple

import orjson

from schemas.folding import normal
from serving.incident.model import AnswerLine
from streams.reader import LogRecord

BEFORE: Final = "it was logged before records held what a replay needs"
Only = Literal["", "zero", "degraded", "replayable"]


class AnswersAsked(NamedTuple):
    """Empty fields ask for all."""

    text: str = ""
    """Part of the query, or the request id."""
    only: Only = ""
    slower_ms: int = 0


class Logged(NamedTuple):
    line: AnswerLine
    made_from: list[dict[str, Any]]
    """`schemas.hits.ShardState`, as JSON."""
    encoder: str

    @property
    def finished(self) -> bool:
        """Whether somebody finished typing it, and it is the first page: what zero results are counted of."""
        return self.line.page == 1 and not self.line.typing


def logged(record: LogRecord) -> Logged | None:
    """None: it is no answer, or of another version."""
    try:
        answer = orjson.loads(record.value or b"null")
        inputs, fallback = answer.get("inputs"), answer.get("fallback")
        replayable = bool(inputs and inputs.get("heard"))
        line = AnswerLine(
            request_id=answer["request_id"],
            at_ms=answer["at_ms"],
            text=answer["text"],
            hits=len(answer["skus"]),
            found=answer["found"],
            page=answer["page"],
            took_ms=answer["took_ms"],
            zero=bool(fallback) or not answer["skus"],
            fallback=fallback["step"] if fallback and answer["skus"] else "",
            degraded=answer["degraded"],
            typing=answer.get("typing", False),
            replayable=replayable,
            why_not="" if replayable else answer.get("not_replayable") or BEFORE,
        )
        return Logged(line, answer["made_from"], answer["encoder"])
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError, ValueError):
        return None


def is_asked_for(one: Logged, asked: AnswersAsked) -> bool:
    line = one.line
    kind = {
        "": True,
        "zero": line.zero and one.finished,
        "degraded": bool(line.degraded),
        "replayable": line.replayable,
    }[asked.only]
    return kind and line.took_ms >= asked.slower_ms and is_named(line, asked.text)


def is_named(line: AnswerLine, text: str) -> bool:
    return text == line.request_id or normal(text) in normal(line.text)
