"""Commands that measure: `eval` and `bench`. Only signatures: the work (run_bench*.py) is imported when it is run."""

from pathlib import Path
from typing import Annotated

import typer

from freshet.options import Data, Json, Url

evaluations = typer.Typer(no_args_is_help=True, help="Judge answers against people's ratings.")
benches = typer.Typer(no_args_is_help=True, help="Measure a running stack, or a single part.")


def register(app: typer.Typer) -> None:
    app.add_typer(evaluations, name="eval")
    app.add_typer(benches, name="bench")


@evaluations.command("search")
def eval_search(
    folder: Annotated[Path, typer.Argument(help="Holds queries_*.csv and qrels_*.csv; the products are imported.")],
    mode: Annotated[
        str,
        typer.Option(
            help="How to rank: words, vector, hybrid, understood (and what the query's words say), formula (and "
            "ranked by the shop's weights), or all of them, compared."
        ),
    ] = "all",
    url: Url = "",
    data: Data = None,
    json: Json = False,
) -> None:
    """Rank 100 products for each query and compare with the ratings: NDCG@10, judged share, recall, with intervals."""
    from freshet.run_bench import evaluate

    raise typer.Exit(evaluate(folder, mode, url, data, json))


@evaluations.command("understanding")
def eval_understanding(
    folder: Annotated[Path, typer.Argument(help="Holds queries_*.csv and qrels_*.csv; the products are imported.")],
    url: Url = "",
    data: Data = None,
    json: Json = False,
) -> None:
    """Add prices, sizes, negations and brands to the queries: what is recognised, what of the top 10 is wrong."""
    from freshet.run_eval_understanding import understanding

    raise typer.Exit(understanding(folder, url, data, json))


@evaluations.command("zero-results")
def eval_zero_results(
    folder: Annotated[Path, typer.Argument(help="Holds CSV files with a column `query`; the products are imported.")],
    limit: Annotated[int, typer.Option(min=1, help="Most queries, the first of each file.")] = 1000,
    url: Url = "",
    data: Data = None,
    json: Json = False,
) -> None:
    """How many queries come back empty, or without what they ask for: by words alone and by both, ladder off and on."""
    from freshet.run_eval_zero_results import zero_results

    raise typer.Exit(zero_results(folder, limit, url, data, json))


@evaluations.command("typos")
def eval_typos(
    folder: Annotated[Path, typer.Argument(help="Holds typos_*.csv: query, corrected; the products are imported.")],
    mode: Annotated[str, typer.Option(help="How to search: words, hybrid, or all, one after the other.")] = "all",
    locale: Annotated[str, typer.Option(help="Language of the queries; empty: that of the shop.")] = "",
    limit: Annotated[int, typer.Option(min=1, help="Only the first so many pairs.")] = 100_000,
    failures: Annotated[
        bool, typer.Option(help="Also list the pairs that failed, by cause; JSON always does.")
    ] = False,
    url: Url = "",
    data: Data = None,
    json: Json = False,
) -> None:
    """Search misspelt queries and their corrections: how alike the top 10 are, what is empty, and what is harmed."""
    from freshet.run_eval_typos import typos

    raise typer.Exit(typos(folder, mode, locale, limit, failures, url, data, json))


@benches.command("freshness")
def bench_freshness(
    rate: Annotated[float, typer.Option(min=0.01, help="Changes per second.")] = 20.0,
    seconds: Annotated[float, typer.Option(min=0.1, help="Length of each phase.")] = 60.0,
    poll_ms: Annotated[float, typer.Option(min=1, help="How often each waiting change is looked for.")] = 10.0,
    timeout_s: Annotated[float, typer.Option(min=1, help="A change that is not found by then is a timeout.")] = 120.0,
    import_file: Annotated[Path | None, typer.Option("--import", help="Import this file meanwhile.")] = None,
    mapping: Annotated[Path | None, typer.Option("--map", help="Mapping of that file.")] = None,
    url: Url = "",
    data: Data = None,
    json: Json = False,
) -> None:
    """From the acknowledgement of a change until a search shows it: new products, new prices; then a journey."""
    from freshet.run_bench import FreshnessOptions, freshness

    options = FreshnessOptions(rate, seconds, poll_ms, timeout_s, import_file, mapping, json)
    raise typer.Exit(freshness(options, url, data))


@benches.command("search")
def bench_search(
    qps: Annotated[str, typer.Option(help="Searches per second, on a fixed schedule; several with commas.")] = "50",
    seconds: Annotated[float, typer.Option(min=0.1, help="Length of each phase.")] = 30.0,
    events_rate: Annotated[float, typer.Option(min=0, help="Changes per second in the second phase; 0: none.")] = 20.0,
    texts_share: Annotated[
        float, typer.Option(min=0, max=1, help="Of them, those with a new text to embed; the others: price and stock.")
    ] = 1.0,
    queries: Annotated[Path | None, typer.Option(help="CSV with a column `query`; default: built-in ones.")] = None,
    mode: Annotated[str, typer.Option(help="How to search: hybrid, words or vector.")] = "hybrid",
    body: Annotated[
        str, typer.Option(help='Further fields of each search, such as {"filters": {"in_stock": true}}.')
    ] = "",
    rows: Annotated[
        int, typer.Option(min=0, help="Search in so many generated products; 0: in those that are there.")
    ] = 0,
    no_cache: Annotated[
        bool, typer.Option("--no-cache", help="Embed each query anew, also one that comes again.")
    ] = False,
    url: Url = "",
    data: Data = None,
    json: Json = False,
) -> None:
    """Search times under fixed rates, alone and while products stream in."""
    from freshet.run_bench import SearchOptions, search

    options = SearchOptions(qps, seconds, events_rate, queries, mode, body, rows, no_cache, texts_share, json)
    raise typer.Exit(search(options, url, data))


@benches.command("suggest")
def bench_suggest(
    qps: Annotated[float, typer.Option(min=0.1, help="Suggestions per second, on a fixed schedule.")] = 50.0,
    seconds: Annotated[float, typer.Option(min=0.1, help="Length of the measurement.")] = 20.0,
    queries: Annotated[Path | None, typer.Option(help="CSV with a column `query`; default: built-in ones.")] = None,
    url: Url = "",
    data: Data = None,
    json: Json = False,
) -> None:
    """Times of suggestions while queries are typed letter by letter, a tenth of them with a slip."""
    from freshet.run_bench_suggest import suggest

    raise typer.Exit(suggest(qps, seconds, queries, url, data, json))


@benches.command("tier")
def bench_tier(
    seconds: Annotated[float, typer.Option(min=0.1, help="Length of each of the four phases.")] = 10.0,
    clients: Annotated[int, typer.Option(min=1, max=64, help="Connections that ask.")] = 8,
    data: Data = None,
    json: Json = False,
) -> None:
    """Requests a second and core of the HTTP tier's own processes, answers given again and not, and times at half."""
    from freshet.run_bench_tier import tier

    raise typer.Exit(tier(seconds, clients, data, json))


@benches.command("page")
def bench_page(
    path: Annotated[str, typer.Option(help="Page that is opened: /shop or /.")] = "/shop",
    device: Annotated[str, typer.Option(help="phone (CPU 4x slower, Fast 3G), desktop, or all.")] = "all",
    runs: Annotated[int, typer.Option(min=1, max=100, help="First visits of which the median is told.")] = 5,
    browser: Annotated[str, typer.Option(help="Program of Chromium; default: the first that is found.")] = "",
    url: Url = "",
    data: Data = None,
    json: Json = False,
) -> None:
    """Open the shop in a real Chromium: first paint, first products, key to result, layout shift, bytes."""
    from freshet.run_bench_page import page

    raise typer.Exit(page(path, device, runs, browser, url, data, json))


@benches.command("sessions")
def bench_sessions(
    rate: Annotated[float, typer.Option(min=0.1, help="First clicks of new sessions per second.")] = 10.0,
    qps: Annotated[float, typer.Option(min=0.1, help="Searches per second while Redis does badly.")] = 30.0,
    seconds: Annotated[float, typer.Option(min=0.1, help="Length of each phase.")] = 15.0,
    sessions: Annotated[int, typer.Option(min=1, help="Sessions whose memory is measured.")] = 100_000,
    data: Data = None,
    json: Json = False,
) -> None:
    """How soon a session reads its own click; memory of sessions; searches while Redis is full, frozen, gone."""
    from bench.sessions import Rates
    from freshet.run_bench_sessions import sessions as measure

    raise typer.Exit(measure(Rates(rate, qps, seconds), sessions, data, json))


@benches.command("peers")
def bench_peers(
    engines: Annotated[str, typer.Option(help="Which, with commas between; all: every one.")] = "all",
    rows: Annotated[int, typer.Option(min=1000, help="Vectors of 384 dimensions at the start.")] = 100_000,
    rate: Annotated[float, typer.Option(min=1, help="Upserts per second.")] = 500.0,
    seconds: Annotated[
        float, typer.Option(min=1, help="Of the stream with one client; an engine takes twice that after its load.")
    ] = 30.0,
    install: Annotated[
        str, typer.Option(help="Engines to install below DATA/peers, each by itself; nothing is measured.")
    ] = "",
    data: Data = None,
    json: Json = False,
) -> None:
    """Other engines on the shard's workload: search times and recall at rest and while rows stream in."""
    from bench.peers.plan import Plan
    from freshet.run_bench_peers import install_peers, peers

    raise typer.Exit(install_peers(install, data) if install else peers(engines, Plan(rows, rate, seconds), data, json))


@benches.command("embed")
def bench_embed(
    file: Annotated[Path | None, typer.Argument(help="Products (JSON Lines); default: made-up ones.")] = None,
    mapping: Annotated[Path | None, typer.Option("--map", help="Mapping of that file.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="Most texts.")] = 2000,
    engine: Annotated[str, typer.Option(help="auto, onnxruntime, onnxruntime-int8, openvino, or all.")] = "auto",
    threads: Annotated[int, typer.Option(min=1, help="Threads of the engine.")] = 1,
    data: Data = None,
    json: Json = False,
) -> None:
    """The encoder alone: texts per second, the ceiling of an import."""
    from freshet.run_bench_embed import embed

    raise typer.Exit(embed(file, mapping, limit, engine, threads, data, json))


@benches.command("import")
def bench_import(
    file: Annotated[Path, typer.Argument(help="Products (JSON Lines, plain or gzip) the shop does not have yet.")],
    mapping: Annotated[Path | None, typer.Option("--map", help="Mapping of that file.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Only the first so many lines.")] = None,
    data: Data = None,
    json: Json = False,
) -> None:
    """Import a file into the running stack, between two measurements of the encoder alone: their ratio."""
    from freshet.run_bench_import import bench_import

    raise typer.Exit(bench_import(file, mapping, limit, data, json))


@benches.command("recovery")
def bench_recovery(
    skus: Annotated[int, typer.Option(min=1, help="Products in the log.")] = 100_000,
    data: Data = None,
    json: Json = False,
) -> None:
    """Rebuild a catalogue worker's missing store, from topics of its own in the running stack's Kafka."""
    from freshet.run_bench_recovery import recovery

    raise typer.Exit(recovery(skus, data, json))


@benches.command("shard")
def bench_shard(
    rows: Annotated[int, typer.Option(min=1, help="Products at the start.")] = 100_000,
    dim: Annotated[int, typer.Option(min=64, help="Dimensions of a vector.")] = 384,
    rate: Annotated[float, typer.Option(min=1, help="Upserts per second.")] = 500.0,
    churn: Annotated[float, typer.Option(min=0.01, help="Upserts in all, as a multiple of the rows.")] = 2.0,
    seconds: Annotated[float | None, typer.Option(min=1, help="Longest stream; cuts the churn short.")] = None,
    smoke: Annotated[
        bool, typer.Option("--smoke", help="A tiny run: does everything work? Its times mean nothing.")
    ] = False,
    data: Data = None,
    json: Json = False,
) -> None:
    """The shard engine alone, on made-up vectors: searches at rest and while upserts stream in, beside raw FAISS."""
    from freshet.run_bench_shard import full_plan, shard, smoke_plan

    plan = smoke_plan() if smoke else full_plan(rows, dim, rate, churn, seconds)
    raise typer.Exit(shard(plan, data, json))


@benches.command("filter")
def bench_filter(
    rows: Annotated[int, typer.Option(min=1, help="Products at the start.")] = 100_000,
    dim: Annotated[int, typer.Option(min=64, help="Dimensions of a vector.")] = 384,
    rate: Annotated[float, typer.Option(min=0, help="Upserts per second meanwhile; 0: none.")] = 0.0,
    smoke: Annotated[
        bool, typer.Option("--smoke", help="A tiny run: does everything work? Its times mean nothing.")
    ] = False,
    data: Data = None,
    json: Json = False,
) -> None:
    """The shard engine under filters that 50, 10, 1, 0.1 % of the products pass, drawn at random or lying together."""
    from freshet.run_bench_filter import filters

    raise typer.Exit(filters(rows, dim, rate, smoke, data, json))


@benches.command("hedging")
def bench_hedging(
    rows: Annotated[int, typer.Option(min=1, help="Products of each of the two replicas.")] = 10_000,
    dim: Annotated[int, typer.Option(min=64, help="Dimensions of a vector.")] = 384,
    qps: Annotated[float, typer.Option(min=1, help="Searches per second, on a fixed schedule.")] = 100.0,
    seconds: Annotated[float, typer.Option(min=0.1, help="Length of each of the twelve measurements.")] = 8.0,
    slow_ms: Annotated[float, typer.Option(min=0, help="By how much one replica's answers come later.")] = 200.0,
    slow_share: Annotated[
        float, typer.Option(min=0, max=1, help="Share of its answers that do, where not all do.")
    ] = 0.05,
    hedge_share: Annotated[float, typer.Option(min=0, max=1, help="As FRESHET_HEDGE_SHARE.")] = 0.05,
    smoke: Annotated[
        bool, typer.Option("--smoke", help="A tiny run: does everything work? Its times mean nothing.")
    ] = False,
    data: Data = None,
    json: Json = False,
) -> None:
    """The query tier's router over two replicas of which one is slow: with and without choosing and hedging."""
    from bench.hedging_run import HedgingPlan
    from freshet.run_bench_hedging import hedging, smoke_plan

    plan = smoke_plan() if smoke else HedgingPlan(rows, dim, qps, seconds, slow_ms, slow_share, hedge_share)
    raise typer.Exit(hedging(plan, data, json))


@benches.command("scale")
def bench_scale(
    rows: Annotated[str, typer.Option(help="Sizes, with commas between.")] = "10000,100000,1000000",
    dim: Annotated[int, typer.Option(min=64, help="Dimensions of a vector.")] = 384,
    rate: Annotated[float, typer.Option(min=1, help="Upserts per second while the base is merged.")] = 500.0,
    smoke: Annotated[
        bool, typer.Option("--smoke", help="A tiny run: does everything work? Its times mean nothing.")
    ] = False,
    data: Data = None,
    json: Json = False,
) -> None:
    """Shards of growing size: time to build, searches, memory, freshness in a merge of the base; and how they grow."""
    from freshet.run_bench_scale import scale

    raise typer.Exit(scale(rows, dim, rate, smoke, data, json))


@benches.command("restore")
def bench_restore(
    rows: Annotated[int, typer.Option(min=1, help="Products in the snapshot.")] = 100_000,
    tail: Annotated[int, typer.Option(min=1, help="Records in the log after it.")] = 10_000,
    store: Annotated[
        str, typer.Option(help="A snapshot store to measure; s3: an S3 server on this machine; default: a folder.")
    ] = "",
    smoke: Annotated[
        bool, typer.Option("--smoke", help="A tiny run: does everything work? Its times mean nothing.")
    ] = False,
    data: Data = None,
    json: Json = False,
) -> None:
    """A shard process that is killed: ready again from its snapshot, and from a store; what snapshots cost."""
    from freshet.run_bench_restore import restore

    raise typer.Exit(restore(rows, tail, store, smoke, data, json))
