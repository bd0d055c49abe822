"""The command that checks the books: audit. Only signatures: run_audit.py is imported late."""

from typing import Annotated

import typer

from freshet.options import Data, Json, Url


def register(app: typer.Typer) -> None:
    app.command("audit")(audit)


def audit(
    seconds: Annotated[
        float | None,
        typer.Argument(min=1, metavar="SECONDS", help="With --watch: time between rounds, 10 by default."),
    ] = None,
    from_: Annotated[
        str, typer.Option("--from", metavar="TIME", help="First events: 10m, 2h, 1d ago, or a time; default: all kept.")
    ] = "",
    to: Annotated[str, typer.Option("--to", metavar="TIME", help="Events before this; default: now.")] = "",
    watch: Annotated[
        bool, typer.Option("--watch", help="Go on with what is decided from now on, until Ctrl-C.")
    ] = False,
    replicas: Annotated[bool, typer.Option(help="Compare what each replica holds, too.")] = True,
    workers: Annotated[
        int | None, typer.Option(min=1, max=64, help="Processes that share the work; default: one a core.")
    ] = None,
    url: Url = "",
    data: Data = None,
    json: Json = False,
) -> None:
    """Recompute every outcome from the log, and compare it with what was written and what each replica holds.

    Beside live traffic: only what was decided when it began is compared. Exit code 4: something differs.
    """
    from freshet.run_audit import AuditOptions, audit

    if seconds is not None and not watch:
        raise typer.BadParameter("SECONDS goes with --watch: freshet audit --watch 30")
    if watch and (to or (workers or 1) > 1):
        raise typer.BadParameter("--watch goes on from now on, in one process: leave out --to and --workers")
    options = AuditOptions(from_, to, seconds or 10.0 if watch else None, replicas, workers)
    raise typer.Exit(audit(options, url, data, json))
