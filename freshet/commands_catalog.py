"""Commands for the catalogue: import, export, search, sku, dlq. Only signatures: run_*.py is imported late."""

from pathlib import Path
from typing import Annotated

import typer

from freshet.options import Data, Json, Url
from schemas.sorting import RELEVANCE, SORTS

dlq = typer.Typer(no_args_is_help=True, help="Dead letters: events that could not be processed.")


def register(app: typer.Typer) -> None:
    app.command("import")(import_file)
    app.command("export")(export_file)
    app.command("search")(search)
    app.command("sku")(sku)
    app.add_typer(dlq, name="dlq")


def import_file(
    file: Annotated[
        Path, typer.Argument(help="JSON Lines, CSV, TSV, Parquet, Google Merchant feed or Shopify CSV; gzip is fine.")
    ],
    mapping: Annotated[
        Path | None, typer.Option("--map", help="TOML file that maps the rows (docs/import.md).")
    ] = None,
    guess: Annotated[
        bool, typer.Option("--guess", help="Propose a mapping on stdout and show three products; send nothing.")
    ] = False,
    format: Annotated[
        str, typer.Option(help="jsonl, csv, tsv, parquet, google or shopify; default: told by content and name.")
    ] = "",
    encoding: Annotated[str, typer.Option(help="Of CSV and TSV, such as cp1252; default: UTF-8.")] = "",
    currency: Annotated[str, typer.Option(help="Of prices that name none, such as EUR.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check every line and send nothing.")] = False,
    limit: Annotated[int | None, typer.Option(min=1, help="Only the first so many lines.")] = None,
    batch: Annotated[int, typer.Option(min=1, max=10_000, help="Most events in one request.")] = 200,
    wait: Annotated[
        bool, typer.Option("--wait/--no-wait", help="Wait until all is searchable and accounted for.")
    ] = True,
    rejected: Annotated[
        Path | None, typer.Option(help="Where rejected rows go; default: FILE.rejected.jsonl, or .csv for a table.")
    ] = None,
    restart: Annotated[bool, typer.Option("--restart", help="Begin anew where an earlier run stopped.")] = False,
    sync: Annotated[bool, typer.Option("--sync", help="Delete the products that the file does not hold.")] = False,
    force: Annotated[
        bool, typer.Option("--force", help="With --sync: also above 20 % of the shop, or after rejected rows.")
    ] = False,
    url: Url = "",
    data: Data = None,
    json: Json = False,
) -> None:
    """Send a file of products; slow down so that live changes stay fresh; account for every event."""
    if guess:
        from freshet.run_guess import guess_mapping

        raise typer.Exit(guess_mapping(file, format, encoding, currency, json))
    from freshet.run_import import ImportOptions, import_products

    options = ImportOptions(
        file, mapping, dry_run, limit, batch, wait, rejected, json, format, encoding, currency, restart, sync, force
    )
    raise typer.Exit(import_products(options, url, data))


def export_file(
    file: Annotated[
        Path | None, typer.Argument(help="JSON Lines or CSV by its name, .gz packs it; default: stdout.")
    ] = None,
    format: Annotated[str, typer.Option(help="jsonl or csv; default: by the file's name, else jsonl.")] = "",
    data: Data = None,
    json: Json = False,
) -> None:
    """Write the whole catalogue, with prices and stock, as of one place in the log."""
    from freshet.run_export import export_products

    raise typer.Exit(export_products(file, format, data, json))


def search(
    text: Annotated[str, typer.Argument(help="What a customer types.")],
    limit: Annotated[int, typer.Option(min=1, max=100, help="Most hits.")] = 10,
    page: Annotated[int, typer.Option(min=1, help="Which page of hits, from 1.")] = 1,
    brand: Annotated[list[str] | None, typer.Option(help="Only this brand; may be given several times.")] = None,
    in_stock: Annotated[bool, typer.Option("--in-stock", help="Only what can be bought now.")] = False,
    price_min: Annotated[float | None, typer.Option(min=0, help="Only prices from this amount on.")] = None,
    price_max: Annotated[float | None, typer.Option(min=0, help="Only prices up to this amount.")] = None,
    attribute: Annotated[
        list[str] | None,
        typer.Option(help="Only this value of a declared attribute, as NAME=VALUE or NAME=MIN..MAX; several times."),
    ] = None,
    filters: Annotated[str, typer.Option(help="Further filters as JSON, with all, any and not (docs/api.md).")] = "",
    sort: Annotated[str, typer.Option(help=f"Order of the hits: {', '.join(SORTS)}.")] = RELEVANCE,
    session: Annotated[str | None, typer.Option(help="As this session sees it.")] = None,
    explain: Annotated[bool, typer.Option("--explain", help="Say what the answer was made from.")] = False,
    why: Annotated[
        str | None, typer.Option(metavar="SKU", help="Say where this product is, or at which stage it fell out.")
    ] = None,
    url: Url = "",
    data: Data = None,
    json: Json = False,
) -> None:
    """Search the shop as the storefront does."""
    from freshet.run_products import SearchOptions, search_products, sort_of

    options = SearchOptions(
        text,
        limit,
        page,
        brand or [],
        in_stock,
        price_min,
        price_max,
        session,
        explain,
        json,
        attribute or [],
        filters,
        why,
        sort_of(sort),
    )
    raise typer.Exit(search_products(options, url, data))


def sku(
    sku: Annotated[str, typer.Argument(help="The product's SKU.")],
    journey: Annotated[
        bool, typer.Option("--journey", help="Why it is, or is not, what you expect: its events, and each replica.")
    ] = False,
    query: Annotated[
        str,
        typer.Option(metavar="WORDS", help="With --journey: also why it is not hit 1 of this search."),
    ] = "",
    limit: Annotated[
        int | None, typer.Option(min=1, max=100, help="With --journey: most events, newest first.", show_default="10")
    ] = None,
    url: Url = "",
    data: Data = None,
    json: Json = False,
) -> None:
    """Show one product as it is served, with the orders and offsets it was made from; or why it is not."""
    from freshet.run_products import show_journey, show_product

    if (limit is not None or query) and not journey:
        raise typer.BadParameter(f"{'--query' if query else '--limit'} goes with --journey")
    if journey:
        raise typer.Exit(show_journey(sku, limit or 10, query, url, data, json))
    raise typer.Exit(show_product(sku, url, data, json))


Reason = Annotated[str, typer.Option(help="Only letters with this reason.")]
Merchant = Annotated[str, typer.Option(help="Only of this merchant (attribute FRESHET_TENANT_ATTRIBUTE).")]
Since = Annotated[str, typer.Option(metavar="TIME", help="Only refused since: 30m, 2h, 7d ago, or a time.")]
Until = Annotated[str, typer.Option(metavar="TIME", help="Only refused before then.")]
LetterId = Annotated[str, typer.Argument(metavar="ID", help="Id of the letter or of its event.")]


@dlq.command("ls")
def dlq_ls(
    reason: Reason = "",
    merchant: Merchant = "",
    sku: Annotated[str, typer.Option(help="Only of this product.")] = "",
    since: Since = "",
    until: Until = "",
    limit: Annotated[int, typer.Option(min=1, help="Most letters, newest first.")] = 100,
    count: Annotated[bool, typer.Option("--count", help="How many there are of each reason and merchant.")] = False,
    url: Url = "",
    data: Data = None,
    json: Json = False,
) -> None:
    """List dead letters, newest first, or count them."""
    from freshet.run_dlq import LetterOptions, count_letters, list_letters

    options = LetterOptions(reason, merchant, sku, since, until)
    raise typer.Exit(
        count_letters(options, url, data, json) if count else list_letters(options, limit, url, data, json)
    )


@dlq.command("show")
def dlq_show(letter_id: LetterId, url: Url = "", data: Data = None, json: Json = False) -> None:
    """Show one dead letter: the reason, who must act, and the original with what is wrong marked in it."""
    from freshet.run_dlq import show_letter

    raise typer.Exit(show_letter(letter_id, url, data, json))


@dlq.command("fix")
def dlq_fix(
    letter_id: LetterId,
    changes: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="FIELD=VALUE", help="Change a field: price.amount=9.5; stock= takes it out."),
    ] = None,
    file: Annotated[Path | None, typer.Option(help="The whole event as it should be; - reads it from stdin.")] = None,
    url: Url = "",
    data: Data = None,
    json: Json = False,
) -> None:
    """Mend an event and send it again, in $EDITOR unless told how. Refused when something newer took its place."""
    from freshet.run_dlq import fix_letter

    if changes and file is not None:
        raise typer.BadParameter("give either --set or --file")
    raise typer.Exit(fix_letter(letter_id, file, changes or [], url, data, json))


@dlq.command("replay")
def dlq_replay(
    letter_id: Annotated[str | None, typer.Argument(metavar="ID", help="Id of the letter or of its event.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All letters, or those that the options say.")] = False,
    reason: Reason = "",
    merchant: Merchant = "",
    since: Since = "",
    until: Until = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="With --all: say what would be sent.")] = False,
    url: Url = "",
    data: Data = None,
    json: Json = False,
) -> None:
    """Send the original events again, each at most once, and none over something newer."""
    from freshet.run_dlq import LetterOptions, replay_letter, replay_letters

    options = LetterOptions(reason, merchant, "", since, until)
    if (letter_id is None) == (not everything):
        raise typer.BadParameter("give either an ID or --all")
    if letter_id is not None:
        if dry_run or any(options):
            raise typer.BadParameter("--dry-run, --reason, --merchant, --since and --until go with --all")
        raise typer.Exit(replay_letter(letter_id, url, data, json))
    raise typer.Exit(replay_letters(options, dry_run, url, data, json))
