"""Commands about synonyms. The work is imported late."""

from pathlib import Path
from typing import Annotated

import typer

from freshet.options import Data, Json

synonyms = typer.Typer(no_args_is_help=True, help="The shop's synonyms, a file that FRESHET_SYNONYMS names.")


def register(app: typer.Typer) -> None:
    app.add_typer(synonyms, name="synonyms")


@synonyms.command("check")
def check(
    file: Annotated[
        Path | None, typer.Argument(help="What to read; default: what FRESHET_SYNONYMS names.", show_default=False)
    ] = None,
    query: Annotated[str, typer.Option(help="Shows which of them this query uses.")] = "",
    data: Data = None,
    json: Json = False,
) -> None:
    """Read a file of synonyms as the HTTP tier does, and name each line that is wrong. Exit code 2: some is."""
    from freshet.run_synonyms import check_synonyms

    raise typer.Exit(check_synonyms(file, query, data, json))
