"""Commands that make answers and shards again from the log: `replay`. Only signatures: the work is imported late."""

from pathlib import Path
from typing import Annotated

import typer

from freshet.options import Data, Json, Url

replays = typer.Typer(no_args_is_help=True, help="Yesterday's answers and shards, made again from the log.")

Set = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="NAME=VALUE", help="Ask what if: ef=64, at=2h, rules=none, rank_stock=0 (docs/replay.md)."
    ),
]


def register(app: typer.Typer) -> None:
    app.add_typer(replays, name="replay")


@replays.callback()
def last() -> None:
    """Yesterday's answers and shards, made again from the log."""
    from replay.going_last import go_last

    go_last()


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
    sample: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many, drawn by their ids.")] = 10_000,
    changed: Set = None,
    html: Annotated[
        Path | None, typer.Option(dir_okay=False, help="Write what moves, by query and product, as a page.")
    ] = None,
    url: Url = "",
    data: Data = None,
    json: Json = False,
) -> None:
    """Make all replayable answers of a span of time again: how many are equal, what differs, and why; which products
    move up or down, enter or leave. Exit code 4: some differ."""
    from freshet.run_replay import replay_slice

    raise typer.Exit(replay_slice(begin, end, sample, changed or [], html, url, data, json))


@replays.command("bundle")
def bundle(
    output: Annotated[Path, typer.Option("-o", "--output", dir_okay=False, help="The file (.tar.gz).")],
    request_ids: Annotated[
        list[str] | None, typer.Argument(help="`request_id` of each answer, at most 1,000.", show_default=False)
    ] = None,
    begin: Annotated[
        str, typer.Option("--from", metavar="TIME", help="Instead of ids: since 10m, 2h, 1d ago, or a time.")
    ] = "",
    end: Annotated[str, typer.Option("--to", metavar="TIME", help="The same; default: now.")] = "",
    sample: Annotated[int, typer.Option(min=1, max=1_000, help="Of a span at most so many, drawn by their ids.")] = 100,
    url: Url = "",
    data: Data = None,
    json: Json = False,
) -> None:
    """Pack all that makes answers again elsewhere: their records, snapshots, the log after them. Sessions get
    pseudonyms."""
    from freshet.run_replay_bundle import BundleOptions, replay_bundle

    options = BundleOptions(request_ids or [], begin, end, sample, output)
    raise typer.Exit(replay_bundle(options, url, data, json))


@replays.command("open")
def open_bundle(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A bundle.")],
    changed: Set = None,
    sku: Annotated[str | None, typer.Option(help="Also says where this product stood, or why it did not.")] = None,
    data: Data = None,
    json: Json = False,
) -> None:
    """Make the answers of a bundle again and compare; no shop is needed. Exit codes as of `freshet replay request`."""
    from freshet.run_replay_bundle import replay_open

    raise typer.Exit(replay_open(file, changed or [], sku, data, json))


@replays.command("events")
def events(
    into: Annotated[str, typer.Option(metavar="TOPIC", help="Such as catalog.2, or catalog of another cluster.")],
    begin: Annotated[str, typer.Option("--from", metavar="TIME", help="Since 10m, 2h, 1d ago, or a time.")],
    end: Annotated[str, typer.Option("--to", metavar="TIME", help="The same; default: now.")] = "",
    kafka: Annotated[str, typer.Option(metavar="HOST:PORT", help="Of that topic; default: the shop's own.")] = "",
    rate: Annotated[float, typer.Option(min=0.1, help="Events per second.")] = 100.0,
    as_they_came: Annotated[bool, typer.Option("--as-they-came", help="At their own pace, not at a rate.")] = False,
    send: Annotated[bool, typer.Option("--send", help="Write them; without it only what would be is said.")] = False,
    yes_into_live: Annotated[
        bool, typer.Option("--yes-into-live", help="Even into the topic that the running shop reads.")
    ] = False,
    url: Url = "",
    data: Data = None,
    json: Json = False,
) -> None:
    """Events of a span of time again, as they were sent, into another topic or cluster. Writes nothing without
    --send."""
    from freshet.run_replay_events import EventsOptions, replay_events

    options = EventsOptions(begin, end, into, kafka, None if as_they_came else rate, send, yes_into_live)
    raise typer.Exit(replay_events(options, url, data, json))


@replays.command("diff-shard")
def diff_shard(
    at: Annotated[
        list[str], typer.Option(metavar="OFFSET|TIME", help="Twice, the earlier first; as for `freshet replay shard`.")
    ],
    partition: Annotated[int, typer.Option(min=0, help="Which shard.")] = 0,
    limit: Annotated[int, typer.Option("-n", "--limit", min=0, help="Products that are listed; JSON has all.")] = 20,
    url: Url = "",
    data: Data = None,
    json: Json = False,
) -> None:
    """What changed in one shard between two moments: products that appeared, went, or show something else."""
    from freshet.run_replay_diff_shard import replay_diff_shard

    raise typer.Exit(replay_diff_shard(at, partition, limit, url, data, json))


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
