"""Options that many commands share. Light: `freshet --help` imports it."""

from pathlib import Path
from typing import Annotated

import typer

Data = Annotated[
    Path | None, typer.Option("--data", help="Folder of the stack (FRESHET_DATA, else .freshet).", show_default=False)
]
Url = Annotated[str, typer.Option("--url", help="Address of the HTTP tier; default: the running stack's.")]
Json = Annotated[bool, typer.Option("--json", help="Results as JSON on stdout.")]
