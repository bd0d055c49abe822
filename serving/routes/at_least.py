"""The header by which a client says what it has seen: for every route that reads products."""

from aiohttp import web

from serving.routes.route import Parameter

HEADER = "X-Freshet-At-Least"
AT_LEAST = Parameter(
    HEADER, "header", "What the answer must not be older than: event ids and read tokens, with commas between"
)


def tokens_in(request: web.Request) -> list[str]:
    """As they were written."""
    return [text for part in request.headers.getall(HEADER, ()) for text in map(str.strip, part.split(",")) if text]
