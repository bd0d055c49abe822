"""The command for sessions. Only its signature: the work (run_sessions.py) is imported late."""

from typing import Annotated

import typer

from freshet.options import Data, Json, Url


def register(app: typer.Typer) -> None:
    app.command("session")(session)


def session(
    session: Annotated[str, typer.Argument(help="The session as the storefront names it in POST /v1/clicks.")],
    forget: Annotated[bool, typer.Option("--forget", help="Remove what is known of it.")] = False,
    url: Url = "",
    data: Data = None,
    json: Json = False,
) -> None:
    """Show what the shop knows of a session: its last products, what it did with them, what each weighs."""
    from freshet.run_sessions import forget_session, show_session

    raise typer.Exit((forget_session if forget else show_session)(session, url, data, json))
