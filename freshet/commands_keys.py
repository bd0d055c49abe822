"""Commands about keys. Only their signatures: the work (run_keys.py) is imported late."""

from typing import Annotated

import typer

from freshet.options import Data, Json

keys = typer.Typer(no_args_is_help=True, help="Keys: who may search, send events, change the catalogue, administer.")

Id = Annotated[str, typer.Argument(help="Id of the key, as `freshet keys ls` shows it.")]
Expires = Annotated[
    str, typer.Option(help="When it ends: 90d, 12h, 30m, or a day such as 2027-01-31 (UTC); default: never.")
]


def register(app: typer.Typer) -> None:
    app.add_typer(keys, name="keys")


@keys.command("create")
def create(
    scope: Annotated[
        list[str] | None,
        typer.Option(help="What it may do: search, events, ingest, admin; may be repeated.", show_default="search"),
    ] = None,
    name: Annotated[str, typer.Option(help="What it is for, in words.")] = "key",
    expires: Expires = "",
    tenant: Annotated[str, typer.Option(help="It sees only products of this one (FRESHET_TENANT_ATTRIBUTE).")] = "",
    filters: Annotated[
        str, typer.Option(help="It sees only products that pass these filters of POST /v1/search, as JSON.")
    ] = "",
    rate: Annotated[
        float | None, typer.Option(help="Most requests a second, of each server process.", show_default="no limit")
    ] = None,
    referer: Annotated[
        list[str] | None,
        typer.Option(help="Site that may use it, such as https://shop.example or *.shop.example; may be repeated."),
    ] = None,
    data: Data = None,
    json: Json = False,
) -> None:
    """Make a key and show it, this once: only its hash is kept. The HTTP tier takes it a second later."""
    from freshet.run_keys import Wanted, create_key

    limits = Wanted(tuple(scope or ["search"]), name, expires, tenant, filters, rate, tuple(referer or ()))
    raise typer.Exit(create_key(limits, data, json))


@keys.command("ls")
def ls(data: Data = None, json: Json = False) -> None:
    """Show all keys, those that are not valid any more too, and what each may do."""
    from freshet.run_keys import list_keys

    raise typer.Exit(list_keys(data, json))


@keys.command("rotate")
def rotate(
    key: Id,
    keep: Annotated[str, typer.Option(help="How long the old one goes on: 7d, 12h, 30m.")] = "7d",
    data: Data = None,
    json: Json = False,
) -> None:
    """Make another key that may do the same, and let the old one end after a while: both are valid until then."""
    from freshet.run_keys import rotate_key

    raise typer.Exit(rotate_key(key, keep, data, json))


@keys.command("revoke")
def revoke(key: Id, data: Data = None, json: Json = False) -> None:
    """End a key. The HTTP tier refuses it a second later, and the secured keys made of it too."""
    from freshet.run_keys import revoke_key

    raise typer.Exit(revoke_key(key, data, json))
