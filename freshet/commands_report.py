"""Commands that read what happened: `report`. Only signatures: the work is imported when it is run."""

from typing import Annotated

import typer

from freshet.options import Data, Json, Url

reports = typer.Typer(no_args_is_help=True, help="What shoppers asked, and what to do about it.")


def register(app: typer.Typer) -> None:
    app.add_typer(reports, name="report")


@reports.command("zero-results")
def zero_results(
    since: Annotated[
        str, typer.Option(metavar="TIME", help="Only what was asked since: 30m, 2h, 7d ago, or a time.")
    ] = "7d",
    limit: Annotated[int, typer.Option("-n", "--limit", min=1, max=1000, help="Most queries.")] = 50,
    remedies: Annotated[
        bool, typer.Option("--remedies/--no-remedies", help="Ask the shop what may help each query.")
    ] = True,
    url: Url = "",
    data: Data = None,
    json: Json = False,
) -> None:
    """Queries that found nothing, or only by the fallback ladder: how often, which step answered, what may help."""
    from freshet.run_report import zero_results as report

    raise typer.Exit(report(since, limit, remedies, url, data, json))
