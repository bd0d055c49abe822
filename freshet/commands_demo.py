"""The command `freshet demo`: only its signature; the work (run_demo.py) is imported late."""

from typing import Annotated

import typer

from freshet.demo.wishes import SPEED_MAX
from freshet.options import Data, Json, Url


def register(app: typer.Typer) -> None:
    app.command("demo")(demo)


def demo(
    speed: Annotated[
        float | None,
        typer.Option(
            min=0,
            max=SPEED_MAX,
            help="1: two changes and a shopper's step a second; 0: only the products.",
            show_default="1",
        ),
    ] = None,
    reset: Annotated[
        bool, typer.Option("--reset", help="Put the demo's products back as they were at first; no others.")
    ] = False,
    detach: Annotated[
        bool, typer.Option("--detach", help="Return when the stack is ready; it goes on running.")
    ] = False,
    port: Annotated[
        int | None, typer.Option(help="Port of the HTTP tier, if it is started.", show_default="8400")
    ] = None,
    export: Annotated[
        bool, typer.Option("--export", help="Only write the products to stdout, as JSON Lines for freshet import.")
    ] = False,
    url: Url = "",
    data: Data = None,
    json: Json = False,
) -> None:
    """Fill a shop with 2,000 invented products, then change them and click on them at a steady pace."""
    from freshet.run_demo import DemoOptions, run_demo

    raise typer.Exit(run_demo(DemoOptions(speed, reset, detach, port, export, url, data, json)))
