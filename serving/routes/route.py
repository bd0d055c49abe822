"""One route with all that is known of it: the application and the OpenAPI document are made from the same table."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import orjson
from aiohttp import web
from pydantic import BaseModel

from serving.keys.grant import Need

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class Parameter:
    name: str
    place: str
    """`path`, `query` or `header`."""
    meaning: str
    kind: str = "string"


@dataclass(frozen=True)
class Route:
    method: str
    path: str
    handler: Handler
    summary: str
    answer: type[BaseModel] | str
    """Model of the good answer, or its content type when it is not JSON."""
    scope: Need = field(kw_only=True)
    """What a caller must be allowed to do."""
    status: int = 200
    request: tuple[type[BaseModel], ...] = ()
    request_types: tuple[str, ...] = ("application/json",)
    parameters: tuple[Parameter, ...] = ()
    problems: tuple[int, ...] = ()
    also: tuple[int, ...] = ()
    """Other statuses that come with the model of the good answer."""


def answer(body: object, status: int = 200) -> web.Response:
    """JSON of plain values."""
    return web.Response(body=orjson.dumps(body), status=status, content_type="application/json")


def answer_model(body: BaseModel, status: int = 200) -> web.Response:
    """JSON of a model."""
    return web.Response(body=body.model_dump_json().encode(), status=status, content_type="application/json")
