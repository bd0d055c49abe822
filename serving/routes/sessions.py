"""`/v1/sessions/{id}`: what the shop knows of a session, and how to make it forget."""

from aiohttp import web
from pydantic import BaseModel, ConfigDict

from schemas.clicks import ClickType
from schemas.limits import SESSION_CHARS_MAX
from schemas.sessions import session_weights
from serving.parts import WIRING
from serving.problems import Refusal
from serving.routes.route import Parameter, Route, answer_model

ID = Parameter("id", "path", "The session of POST /v1/clicks, percent-encoded")


class SessionItem(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True)

    sku: str
    type: ClickType
    """The strongest that the session did with it."""
    age_s: float
    """Since its newest click."""
    weight: float
    """Its share of the session's vector; they sum to 1."""


class SessionAnswer(BaseModel):
    """What is known of a session."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    session: str
    items: list[SessionItem]
    """Newest first, each product once."""
    counted_to: int
    """Offset in `clicks` of the last click that was counted."""
    vector: bool
    """Whether a vector is kept; else the next search makes it."""
    encoder: str
    """Of that vector."""


class Forgotten(BaseModel):
    """The session's items and vector are gone."""

    session: str
    items: bool
    """Whether there were any."""


async def get_session(request: web.Request) -> web.Response:
    wiring, session = request.app[WIRING], _session(request)
    known = await wiring.sessions.read(session)
    if known is None:
        raise Refusal(404, "unknown_session", f"nothing is known of the session {session!r}: it ends after 30 minutes")
    items, now_ms = known.history.items, wiring.wall_ms()
    return answer_model(
        SessionAnswer(
            session=session,
            items=[
                SessionItem(
                    sku=item.sku,
                    type=item.type,
                    age_s=round(max(0, now_ms - item.at_ms) / 1000, 3),
                    weight=round(weight, 4),
                )
                for item, weight in zip(items, session_weights(items), strict=True)
            ],
            counted_to=known.history.place.offset,
            vector=known.vector is not None,
            encoder=known.vector.encoder if known.vector else "",
        )
    )


async def delete_session(request: web.Request) -> web.Response:
    """Removes the items and the vector. Clicks that are still on their way start a new history."""
    session = _session(request)
    return answer_model(Forgotten(session=session, items=await request.app[WIRING].sessions.forget(session)))


def _session(request: web.Request) -> str:
    session = request.match_info["id"]
    if len(session) > SESSION_CHARS_MAX:
        raise Refusal(400, "invalid_session", f"a session has at most {SESSION_CHARS_MAX} characters")
    return session


ROUTES = (
    Route(
        "GET",
        "/v1/sessions/{id}",
        get_session,
        "What is known of a session",
        SessionAnswer,
        scope="admin",
        parameters=(ID,),
        problems=(400, 404, 503),
    ),
    Route(
        "DELETE",
        "/v1/sessions/{id}",
        delete_session,
        "Forget a session",
        Forgotten,
        scope="admin",
        parameters=(ID,),
        problems=(400, 503),
    ),
)
