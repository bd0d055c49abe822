"""Options that many commands share. Light: `freshet --help` imports it."""

from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer

Data = Annotated[
    Path | None, typer.Option("--data", help="Folder of the stack (FRESHET_DATA, else .freshet).", show_default=False)
]


def _address(url: str) -> str:
    """With its scheme. Raises BadParameter when no host or no usable port is named."""
    url = url if "://" in url or not url else f"http://{url}"
    try:
        parts = urlsplit(url)
        usable = not url or (bool(parts.hostname) and (parts.port is None or parts.port > 0))
    except ValueError:
        usable = False
    if not usable:
        raise typer.BadParameter(f"{url!r} is not an address; one looks like http://127.0.0.1:8400")
    return url


Url = Annotated[
    str,
    typer.Option("--url", help="Address of the HTTP tier; default: the running stack's.", callback=_address),
]
Json = Annotated[bool, typer.Option("--json", help="Results as JSON on stdout.")]
