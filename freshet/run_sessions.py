"""What `freshet session` does."""

import asyncio
from pathlib import Path
from typing import Any
from urllib.parse import quote

from freshet.exit_codes import OK
from freshet.http_door import HttpDoor
from freshet.printing import print_json, print_lines
from freshet.progress import duration
from freshet.target import find_target
from schemas.errors import FreshetError, InvalidRequest

UNKNOWN = "unknown_session"


def show_session(session: str, url: str, data: Path | None, as_json: bool) -> int:
    """Raises FreshetError when nothing is known of it."""
    try:
        answer = asyncio.run(_ask("GET", session, url, data))
    except InvalidRequest as error:
        if error.code == UNKNOWN:
            raise FreshetError(
                f"nothing is known of the session {session!r}",
                hint="it ends 30 minutes after its last click; freshet dlq ls shows clicks that could not be read",
            ) from None
        raise
    if as_json:
        print_json(answer)
    else:
        print_lines(session_lines(answer))
    return OK


def forget_session(session: str, url: str, data: Path | None, as_json: bool) -> int:
    answer = asyncio.run(_ask("DELETE", session, url, data))
    if as_json:
        print_json(answer)
    else:
        print_lines([f"{session}: " + ("forgotten" if answer["items"] else "nothing was known of it")])
    return OK


def session_lines(answer: dict[str, Any]) -> list[str]:
    """One line a product, the newest first."""
    lines = [f"{'weight':>6}  {'did':<12} {'ago':>12}  product"]
    lines += [
        f"{item['weight']:>6.1%}  {item['type']:<12} {duration(item['age_s']):>12}  {item['sku']}"
        for item in answer["items"]
    ]
    vector = f"vector kept ({answer['encoder']})" if answer["vector"] else "no vector: the next search makes it"
    return [*lines, f"counted to offset {answer['counted_to']:,} of its partition of clicks; {vector}"]


async def _ask(method: str, session: str, url: str, data: Path | None) -> dict[str, Any]:
    target = find_target(url, data)
    path = f"/v1/sessions/{quote(session, safe='')}"
    async with HttpDoor(target.url, target.key) as door:
        answer: dict[str, Any] = await (door.get(path) if method == "GET" else door.delete(path))
        return answer
