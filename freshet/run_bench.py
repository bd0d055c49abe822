"""What `eval search`, `bench freshness` and `bench search` do: call bench/, print its figures."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from bench.evaluate import evaluate_search, read_folder
from bench.freshness import Load, measure_freshness
from bench.open_loop import Overrun
from bench.relevance import FIGURES
from bench.run_name import run_name
from bench.search import built_in_queries, measure_search, read_queries
from bench.search_ways import WAYS
from bench.shop import ShopError
from freshet.exit_codes import MISMATCH, OK
from freshet.printing import print_json, print_lines, say
from freshet.run_import import RESTARTED
from freshet.target import Target, find_target, same_workers
from schemas.errors import FreshetError, SettingsError

MODES = tuple(WAYS)
ALL = "all"
WIDE = 20
PERCENTILES = ("p50", "p95", "p99", "max")
IMPORTING = "the import that runs meanwhile has its texts encoded too"
ELSEWHERE = "only a stack that runs on this machine tells"


@dataclass(frozen=True)
class FreshnessOptions:
    rate: float
    seconds: float
    poll_ms: float
    timeout_s: float
    import_file: Path | None
    mapping: Path | None
    as_json: bool


def evaluate(folder: Path, mode: str, url: str, data: Path | None, as_json: bool) -> int:
    if mode not in (*MODES, ALL):
        raise SettingsError(f"there is no mode {mode!r}", hint=f"modes: {', '.join((*MODES, ALL))}")
    try:
        queries, ratings = read_folder(folder)
    except ValueError as error:
        raise SettingsError(str(error)) from None
    target = find_target(url, data)
    modes = MODES if mode == ALL else (mode,)
    figures: dict[str, Any] = measured(evaluate_search(target.url, queries, ratings, modes, key=target.key))
    if as_json:
        print_json(figures)
    else:
        print_lines(evaluation_lines(figures, modes))
    if all(figures[mode]["zero_results"] == len(queries) for mode in modes):
        say("every query came back empty: are the products imported? see freshet import --help")
    return OK


def evaluation_lines(figures: dict[str, Any], modes: Sequence[str]) -> Iterator[str]:
    yield row("mode", [*FIGURES, "zero_results", "queries"], WIDE)
    for mode in modes:
        found = figures[mode]
        yield row(mode, [*(found[name] for name in FIGURES), found["zero_results"], found["queries"]], WIDE)
        yield row("  95 %", [_within(found["intervals"].get(name)) for name in FIGURES], WIDE)
    for pair, differences in figures.get("pairs", {}).items():
        yield row(pair, [f"{differences[name][0]:+.4f}" for name in FIGURES], WIDE)
        yield row("  95 %", [_within(differences[name][1:]) for name in FIGURES], WIDE)


def _within(ends: Sequence[float] | None) -> str | None:
    return f"{ends[0]:.3f}..{ends[1]:.3f}" if ends else None


def freshness(options: FreshnessOptions, url: str, data: Path | None) -> int:
    """MISMATCH when a change was never found, or a price change went through the encoder."""
    target = find_target(url, data, reads_kafka=options.import_file is not None)
    load = Load(options.rate, options.seconds, options.poll_ms, options.timeout_s)
    importer = _start_import(options, target) if options.import_file else None
    try:
        figures: dict[str, Any] = measured(
            measure_freshness(
                target.url,
                load,
                run=run_name(),
                key=target.key,
                embed_metrics=() if importer else target.metrics_of("embed"),
            )
        )
        if importer:
            figures["import_ran_to_the_end_of_the_measurement"] = importer.poll() is None
            figures["import"] = orjson.loads(importer.communicate()[0] or b"null")
        _note_unknown_texts(figures, target, url, data)
    finally:
        if importer and importer.poll() is None:
            importer.terminate()
            importer.wait()
    if options.as_json:
        print_json(figures)
    else:
        print_lines(freshness_lines(figures))
    phases = (figures["upserts"], figures["prices"])
    return MISMATCH if any(phase["timeouts"] for phase in phases) or figures["prices"]["texts_encoded"] else OK


def _note_unknown_texts(figures: dict[str, Any], target: Target, url: str, data: Path | None) -> None:
    """`texts_encoded_unknown` says why a count of encoded texts is null; null when none is."""
    pages = target.metrics_of("embed")
    phases = (figures["upserts"], figures["prices"])
    if pages and not same_workers(target, "embed", url, data):
        for phase in phases:
            phase["texts_encoded"] = None
    unknown = any(phase["texts_encoded"] is None for phase in phases)
    why = IMPORTING if "import" in figures else RESTARTED if pages else ELSEWHERE
    figures["texts_encoded_unknown"] = why if unknown else None


def freshness_lines(figures: dict[str, Any]) -> Iterator[str]:
    yield f"ms from acknowledgement to found, {figures['rate_per_s']:g}/s, polled every {figures['poll_ms']:g} ms"
    yield row("", ["changes", *PERCENTILES, "timeouts", "texts encoded"])
    for name in ("upserts", "prices"):
        phase = figures[name]
        yield row(name, [phase[key] for key in ("count", *PERCENTILES, "timeouts", "texts_encoded")])
        yield row("  ack", [phase["ack_ms"][key] for key in ("count", *PERCENTILES)])
    if journeys := figures.get("journeys"):
        yield "ms from the acknowledgement of a new title to a journey"
        yield row("", ["journeys", *PERCENTILES, "timeouts"])
        yield row("that tells it", [journeys["told"][key] for key in ("count", *PERCENTILES)])
        yield row("and shows it", [*(journeys["shown"][key] for key in ("count", *PERCENTILES)), journeys["timeouts"]])
        yield row("  one answer", [journeys["answer"][key] for key in ("count", *PERCENTILES)])
    if figures.get("texts_encoded_unknown"):
        yield f"texts encoded -: {figures['texts_encoded_unknown']}"
    if figures.get("import"):
        done = figures["import"]
        yield (
            f"import meanwhile: {done['acknowledged']:,} acknowledged, {done.get('products_per_s')} products/s, "
            f"unaccounted {done.get('unaccounted')}"
        )


def _start_import(options: FreshnessOptions, target: Target) -> "subprocess.Popen[bytes]":
    """In a process of its own, so that it does not slow down the clock of the measurement."""
    command = [sys.executable, "-m", "freshet", "import", str(options.import_file), "--json", "--url", target.url]
    command += ["--data", str(target.data)] + (["--map", str(options.mapping)] if options.mapping else [])
    say(f"importing {options.import_file} meanwhile")
    return subprocess.Popen(command, stdout=subprocess.PIPE)


@dataclass(frozen=True)
class SearchOptions:
    qps: str
    """Numbers with commas between."""
    seconds: float
    events_per_s: float
    queries: Path | None
    mode: str
    body: str
    """JSON of further fields; empty: none."""
    rows: int
    """Generated products to search in; 0: those that are there."""
    no_cache: bool
    """Queries that come again are embedded again."""
    texts_share: float
    """Of the events, those with a new text."""
    as_json: bool


def search(options: SearchOptions, url: str, data: Path | None) -> int:
    """MISMATCH when a search failed."""
    rates = rates_of(options.qps)
    if options.mode not in MODES:
        raise SettingsError(f"there is no mode {options.mode!r}", hint=f"modes: {', '.join(MODES)}")
    target = find_target(url, data, reads_kafka=options.rows > 0)
    try:
        texts = read_queries(options.queries) if options.queries else built_in_queries()
    except (OSError, ValueError) as error:
        raise SettingsError(str(error)) from None
    if options.rows:
        from freshet.run_bench_generated import generate

        generate(options.rows, target)
    figures: dict[str, Any] = measured(
        measure_search(
            target.url,
            texts,
            rates=rates,
            seconds=options.seconds,
            events_per_s=options.events_per_s,
            run=run_name(),
            key=target.key,
            body={"mode": options.mode, **fields_of(options.body)},
            unkept=options.no_cache,
            texts_share=options.texts_share,
        )
    )
    if options.as_json:
        print_json(figures)
    else:
        print_lines(search_lines(figures))
    phases = [phase[name] for phase in figures["rates"] for name in PHASES if name in phase]
    return MISMATCH if any(phase["errors"] for phase in phases) else OK


PHASES = ("static", "streaming")


def rates_of(text: str) -> list[float]:
    """Searches a second, from their list. Raises SettingsError."""
    try:
        found = [float(part) for part in text.split(",")]
    except ValueError:
        found = []
    if not found or not all(0.1 <= rate < float("inf") for rate in found):
        raise SettingsError(f"{text!r} is no list of searches per second", hint="one looks like 20,50,100")
    return found


def fields_of(text: str) -> dict[str, Any]:
    """Raises SettingsError when it is no JSON object."""
    try:
        found = orjson.loads(text) if text else {}
    except orjson.JSONDecodeError:
        found = None
    if not isinstance(found, dict):
        raise SettingsError(f"{text!r} is no JSON object", hint='one looks like {"filters": {"in_stock": true}}')
    return found


def search_lines(figures: dict[str, Any]) -> Iterator[str]:
    yield f"ms from the intended send time, {figures['distinct_queries']:,} different queries"
    yield row("", ["searches", *PERCENTILES, "errors", "degraded", "empty"])
    for phase in figures["rates"]:
        for name in PHASES:
            if name in phase:
                found = phase[name]
                yield f"{name}, {phase['qps']:g}/s"
                yield row("  wait", [found[key] for key in ("count", *PERCENTILES, "errors", "degraded", "empty")])
                for stage, spent in found["stages"].items():
                    yield row(f"  {stage}", [spent[key] for key in ("count", *PERCENTILES)])


def measured(work: Any) -> Any:
    """Runs a measurement; what it cannot go on with becomes one sentence."""
    try:
        return asyncio.run(work)
    except* (ShopError, Overrun) as group:
        raise FreshetError(str(group.exceptions[0]), hint="see: freshet status") from None


def row(name: str, cells: list[Any], width: int = 14) -> str:
    return name.ljust(16) + "".join(("-" if cell is None else str(cell)).rjust(width) for cell in cells)
