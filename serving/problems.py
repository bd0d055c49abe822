"""Errors as the caller sees them: RFC 9457 problem+json with a stable code, a sentence and a hint."""

from collections.abc import Mapping
from http import HTTPStatus
from math import ceil
from typing import Any, TypeVar

import orjson
from aiohttp import web
from pydantic import BaseModel, ConfigDict, ValidationError

from schemas.errors import FreshetError, InvalidEvent, InvalidRequest, Overloaded, Problem, Unavailable

M = TypeVar("M", bound=BaseModel)
CONTENT_TYPE = "application/problem+json"
PROBLEMS_SHOWN_MAX = 20


class FieldProblem(BaseModel):
    field: str
    problem: str


class ProblemAnswer(BaseModel):
    """Every error answer (RFC 9457)."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    type: str
    title: str
    """The status in words."""
    status: int
    detail: str
    """What happened, to which item."""
    code: str
    """Stable; programs decide by it."""
    hint: str = ""
    """What to do."""
    problems: list[FieldProblem] = []
    """What is wrong with which field."""


class Refusal(FreshetError):
    """An answer other than success that is no failure of ours: its status, code and facts."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        hint: str = "",
        facts: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message, hint=hint)
        self.status = status
        self.code = code
        self.facts = dict(facts or {})
        self.headers = dict(headers or {})


def problem(
    status: int, code: str, detail: str, hint: str = "", facts: Mapping[str, Any] | None = None
) -> web.Response:
    """The answer; `facts` are further members of the problem document."""
    body = {
        "type": f"urn:freshet:problem:{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code,
        "hint": hint,
        **(facts or {}),
    }
    return web.Response(status=status, body=orjson.dumps(body), content_type=CONTENT_TYPE)


def retry_after(seconds: float) -> dict[str, str]:
    return {"Retry-After": str(max(1, ceil(seconds)))}


def fields(problems: tuple[Problem, ...]) -> list[dict[str, str]]:
    return [item._asdict() for item in problems[:PROBLEMS_SHOWN_MAX]]


def explain(error: FreshetError) -> web.Response:
    """The answer for an error raised on purpose."""
    match error:
        case Refusal():
            answer = problem(error.status, error.code, error.message, error.hint, error.facts)
            answer.headers.update(error.headers)
        case InvalidEvent():
            answer = problem(400, error.reason, error.message, error.hint, {"problems": fields(error.problems)})
        case InvalidRequest():
            answer = problem(400, error.code, error.message, error.hint, {"problems": fields(error.problems)})
        case Overloaded():
            answer = problem(429, "overloaded", error.message, error.hint or "Slow down and send it again.")
            answer.headers.update(retry_after(error.retry_after_s))
        case Unavailable():
            answer = problem(503, "unavailable", error.message, error.hint or "Try again in a moment.")
            answer.headers.update(retry_after(1))
        case _:
            answer = problem(500, "unexpected", "The request failed here.", "Look for its request id in the log.")
    return answer


def parsed(model: type[M], body: bytes) -> M:
    """Raises InvalidRequest with a problem per field."""
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        raise invalid_request(error) from None


def invalid_request(error: ValidationError) -> InvalidRequest:
    """What pydantic found, in field-level words."""
    found = tuple(
        Problem(".".join(map(str, item["loc"])) or "body", item["msg"].removeprefix("Value error, "))
        for item in error.errors(include_url=False, include_input=False, include_context=False)
    )
    words = "; ".join(f"{item.field}: {item.problem}" for item in found[:5])
    return InvalidRequest("invalid_request", words, found, hint="/openapi.json describes every field.")
