"""Commands that make answers and shards again from the log: `replay`. Only signatures: the work is imported late."""

from typing import Annotated

import typer

from freshet.options import Data, Json, Url

replays = typer.Typer(no_args_is_help=True, help="Yesterday's answers and shards, made again from the log.")

Set = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=VALUE", help="Ask what if: ef=64, rank_stock=0, limit=50 (docs/replay.md)."),
]


def register(app: typer.Typer) -> None:
    app.add_typer(replays, name="replay")


@replays.command("request")
def request(
    request_id: Annotated[str, typer.Argument(help="`request_id` of the answer, also its header X-Request-Id.")],
    changed: Set = None,
    sku: Annotated[str | None, typer.Option(help="Also says where this product stood, or why it did not.")] = None,
    url: Url = "",
    data: Data = None,
    json: Json = False,
) -> None:
    """Make one answer again from the log and compare. Exit code 4: it differs, 1: it cannot be made again."""
    from freshet.run_replay import replay_request

    raise typer.Exit(replay_request(request_id, changed or [], sku, url, data, json))


@replays.command("slice")
def of_a_span(
    begin: Annotated[str, typer.Option("--from", metavar="TIME", help="Since 10m, 2h, 1d ago, or a time.")] = "1h",
    end: Annotated[str, typer.Option("--to", metavar="TIME", help="The same; default: now.")] = "",
    sample: Annotated[int | None, typer.Option(min=1, help="So many, drawn by their ids; default: all.")] = None,
    changed: Set = None,
    url: Url = "",
    data: Data = None,
    json: Json = False,
) -> None:
    """Make all replayable answers of a span of time again: how many are equal, what differs, and why. Exit code 4: some
    differ."""
    from freshet.run_replay import replay_slice

    raise typer.Exit(replay_slice(begin, end, sample, changed or [], url, data, json))


@replays.command("shard")
def shard(
    at: Annotated[str, typer.Option(metavar="OFFSET|TIME", help="DOCUMENTS, DOCUMENTS,OFFERS, 10m ago, or a time.")],
    partition: Annotated[int, typer.Option(min=0, help="Which shard.")] = 0,
    sku: Annotated[str | None, typer.Option(help="Shows this product as it was.")] = None,
    query: Annotated[str | None, typer.Option(help="Searches it, by words and meaning.")] = None,
    limit: Annotated[int, typer.Option("-n", "--limit", min=1, max=100, help="Hits.")] = 10,
    url: Url = "",
    data: Data = None,
    json: Json = False,
) -> None:
    """Rebuild one shard as it was, in a folder of its own: its state, digests, a product, a search."""
    from freshet.run_replay_shard import replay_shard

    raise typer.Exit(replay_shard(at, partition, sku, query, limit, url, data, json))
