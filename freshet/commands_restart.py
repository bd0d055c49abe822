"""The command `freshet restart`: only its signature; the work (run_restart.py) is imported late."""

from typing import Annotated

import typer

from freshet.options import Data, Json


def register(app: typer.Typer) -> None:
    app.command("restart")(restart)


def restart(
    processes: Annotated[
        list[str] | None,
        typer.Argument(metavar="PROCESS...", help="As freshet status names them; default: all workers."),
    ] = None,
    rolling: Annotated[
        bool,
        typer.Option(
            "--rolling",
            help="One after the other, and no search fails: a replica is back before the next one ends, and a new "
            "serving takes over while the old one answers.",
        ),
    ] = False,
    data: Data = None,
    json: Json = False,
) -> None:
    """End workers of the running stack cleanly; its supervisor starts each again, with what is installed now."""
    from freshet.run_restart import run_restart

    raise typer.Exit(run_restart(processes or [], rolling, data, json))
