"""Commands that read the books: audit, stuck. Only signatures: the work is imported when it is run."""

from typing import Annotated, Literal

import typer

from freshet.options import Data, Json, Url


def register(app: typer.Typer) -> None:
    app.command("audit")(audit)
    app.command("stuck")(stuck)


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


def stuck(
    reason: Annotated[
        str, typer.Option(metavar="REASON", help="Only of this reason, or of this code of a dead letter.")
    ] = "",
    limit: Annotated[
        int | None, typer.Option("-n", "--limit", min=1, help="Most products, oldest first.", show_default="20, or all")
    ] = None,
    csv: Annotated[bool, typer.Option("--csv", help="All products as a table.")] = False,
    ndjson: Annotated[bool, typer.Option("--ndjson", help="All products, one JSON object a line.")] = False,
    url: Url = "",
    data: Data = None,
    json: Json = False,
) -> None:
    """Products whose newest event was received and is not shown, by reason: how many, since when, which."""
    from freshet.run_stuck import show_stuck

    if json + csv + ndjson > 1:
        raise typer.BadParameter("give one of --json, --csv, --ndjson")
    form: Literal["text", "json", "csv", "ndjson"] = (
        "json" if json else "csv" if csv else "ndjson" if ndjson else "text"
    )
    raise typer.Exit(show_stuck(reason, limit, url, data, form))
