"""What `freshet import` does: check or send, wait, account, report."""

import asyncio
import contextlib
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.metrics_page import texts_encoded
from freshet.exit_codes import FAILED, INTERRUPTED, MISMATCH, OK
from freshet.http_door import HttpDoor
from freshet.importing import Import, ImportPlan, RejectedFile
from freshet.mapping import FieldMapping, read_mapping
from freshet.printing import print_json, print_lines, say
from freshet.product_lines import Refused, prepare, read_lines, refused
from freshet.progress import duration, show_on
from freshet.settling import FOUND, OutcomeFollower, Settled, settle
from freshet.target import Target, find_target, same_workers
from schemas.errors import FreshetError, InvalidEvent, SettingsError, Unavailable
from schemas.events import decode_event
from streams.reader import Reader

RESTARTED = "an embed worker was restarted, or does not tell: its counter cannot be compared"


@dataclass(frozen=True)
class ImportOptions:
    file: Path
    mapping: Path | None
    dry_run: bool
    limit: int | None
    batch: int
    wait: bool
    rejected: Path
    as_json: bool


def import_products(options: ImportOptions, url: str, data: Path | None) -> int:
    return report(run_import(options, url, data), options.as_json)


def run_import(options: ImportOptions, url: str, data: Path | None) -> dict[str, Any]:
    """Checks or sends, waits and accounts; returns the figures that docs/import.md explains."""
    mapping = read_mapping(options.mapping) if options.mapping else None
    if not options.file.is_file():
        raise SettingsError(f"there is no file {options.file}")
    if options.dry_run:
        return dry_run(options, mapping)
    target = find_target(url, data, reads_kafka=options.wait)
    return asyncio.run(_import(options, mapping, target, url, data))


def dry_run(options: ImportOptions, mapping: FieldMapping | None) -> dict[str, Any]:
    """Maps and checks every line as the server would; writes the rejected ones."""
    out, good, cuts, reasons = RejectedFile(options.rejected), 0, 0, dict[str, int]()
    for line in read_lines(options.file, options.limit):
        made = prepare(line, mapping)
        if not isinstance(made, Refused):
            try:
                decode_event(made.event)
                good, cuts = good + 1, cuts + made.cuts
                continue
            except InvalidEvent as error:
                made = refused(line.number, line.raw, error)
        reasons[made.reason] = reasons.get(made.reason, 0) + 1
        out.add(made)
    rejected = sum(reasons.values())
    return {
        "dry_run": True,
        "lines": good + rejected,
        "good": good,
        "rejected": rejected,
        "reasons": reasons,
        "cuts": cuts,
        "rejected_file": str(out.path) if rejected else None,
    }


async def _import(
    options: ImportOptions, mapping: FieldMapping | None, target: Target, url: str, data: Path | None
) -> dict[str, Any]:
    clock, stop = time.monotonic, asyncio.Event()
    plan = ImportPlan(options.file, mapping, options.rejected, options.limit, options.batch, target.import_lag_s)
    settled: Settled | None = None
    failure: FreshetError | None = None
    with _interruptible(stop), _reader(target, options.wait) as reader, show_on() as show:
        async with HttpDoor(target.url, target.key) as door:
            outcomes = OutcomeFollower(reader, target.generation, target.partitions) if reader else None
            encoded = await texts_encoded(target.metrics_of("embed"))
            work = Import(plan, door, show, stop, clock)
            try:
                await work.run()
            except FreshetError as error:
                failure = error
            sent_s = clock()
            if outcomes and work.tally.acknowledged and not stop.is_set() and not failure:
                settled = await settle(
                    work.ledger,
                    work.sample,
                    outcomes,
                    door,
                    show=show,
                    rejected=work.tally.rejected,
                    stop=stop,
                    clock=clock,
                )
            encoded_after = await texts_encoded(target.metrics_of("embed"))
            same = same_workers(target, "embed", url, data)
            in_shop = await _found(door) if settled else None
    result = _facts(work, settled, sent_s, stop.is_set())
    counted = None if encoded is None or encoded_after is None or not same else int(encoded_after - encoded)
    result["texts_encoded"] = counted
    result["texts_encoded_unknown"] = RESTARTED if target.metrics_of("embed") and counted is None else None
    result["products_in_shop"] = in_shop
    if failure:
        result["error"] = failure.message
        result["hint"] = failure.hint
    return result


def _facts(work: Import, settled: Settled | None, sent_s: float, interrupted: bool) -> dict[str, Any]:
    tally, ledger = work.tally, work.ledger
    begun_s = tally.first_ack_s or sent_s
    facts: dict[str, Any] = {
        "lines": tally.lines,
        "last_line": tally.last_line,
        "sent": tally.sent,
        "acknowledged": tally.acknowledged,
        "rejected": tally.rejected,
        "reasons": tally.reasons,
        "rejected_file": str(work.rejected_path) if tally.rejected else None,
        "cuts": tally.cuts,
        "slowed": tally.slowed,
        "sending_s": round(sent_s - begun_s, 2),
        "interrupted": interrupted,
    }
    if settled:
        kinds = ledger.outcomes()
        whole_s = settled.at_s - begun_s
        facts |= {
            "outcomes": kinds,
            "unaccounted": ledger.unaccounted,
            "searchable": sum(kinds[kind] for kind in FOUND) if settled.searchable else None,
            "all_stages_passed": settled.searchable,
            "sampled": settled.sampled,
            "sample_missing": settled.missing,
            "seconds": round(whole_s, 2),
            "products_per_s": round(tally.acknowledged / whole_s, 1) if whole_s > 0 else None,
        }
    return facts


def exit_code(result: dict[str, Any]) -> int:
    """MISMATCH: something is unaccounted for or not searchable; FAILED: lines were rejected, or an error ended it."""
    if result.get("interrupted"):
        return INTERRUPTED
    if result.get("error"):
        return FAILED
    if result.get("unaccounted") or result.get("sample_missing") or result.get("all_stages_passed") is False:
        return MISMATCH
    return FAILED if result["rejected"] else OK


def report(result: dict[str, Any], as_json: bool) -> int:
    if as_json:
        print_json(result)
    else:
        print_lines(report_lines(result))
    if result.get("error"):
        say(f"error: {result['error']}" + (f" ({result['hint']})" if result.get("hint") else ""))
    return exit_code(result)


def report_lines(result: dict[str, Any]) -> Iterator[str]:
    if result.get("dry_run"):
        yield f"lines          {result['lines']:,}"
        yield f"good           {result['good']:,}"
    else:
        yield f"lines          {result['lines']:,} (the last is line {result['last_line']:,} of the file)"
        yield f"sent           {result['sent']:,}"
        yield f"acknowledged   {result['acknowledged']:,}"
    if result["rejected"]:
        reasons = ", ".join(f"{reason} {count:,}" for reason, count in sorted(result["reasons"].items()))
        yield f"rejected       {result['rejected']:,} ({reasons}), see {result['rejected_file']}"
    if result["cuts"]:
        yield f"values cut     {result['cuts']:,} (items_max, chars_max or clean in the mapping)"
    if result.get("slowed"):
        yield f"repeated       {result['slowed']:,} requests (429, 503, or nobody answered)"
    if result.get("interrupted"):
        yield "stopped        by Ctrl-C; run the same command again: what is there already is only compared"
    if "outcomes" in result:
        kinds = ", ".join(f"{kind} {count:,}" for kind, count in result["outcomes"].items() if count)
        yield f"outcomes       {kinds or 'none'}"
        yield f"unaccounted    {result['unaccounted']:,}"
        yield from _searchable_lines(result)


def _searchable_lines(result: dict[str, Any]) -> Iterator[str]:
    if result["all_stages_passed"]:
        missing = result["sample_missing"]
        verdict = f"{len(missing)} of them are NOT served: {', '.join(missing[:10])}" if missing else "all served"
        yield f"searchable     {result['searchable']:,} (looked up {result['sampled']:,} of them: {verdict})"
    else:
        yield "searchable     NOT ALL: some stage did not move any more; see freshet status"
    if result["products_in_shop"] is not None:
        yield f"in the shop    {result['products_in_shop']:,}"
    yield f"took           {duration(result['seconds'])}, {result['products_per_s'] or 0:,.1f} products per second"
    if result["texts_encoded"] is not None:
        yield f"texts encoded  {result['texts_encoded']:,}"
    elif result.get("texts_encoded_unknown"):
        yield f"texts encoded  - ({result['texts_encoded_unknown']})"


async def _found(door: HttpDoor) -> int | None:
    try:
        answer = await door.post("/v1/search", {"limit": 1})
        return None if answer["degraded"] else int(answer["found"])
    except Unavailable:
        return None


@contextlib.contextmanager
def _reader(target: Target, wanted: bool) -> Iterator[Reader | None]:
    reader = Reader(target.kafka) if wanted else None
    try:
        yield reader
    finally:
        if reader:
            reader.close()


@contextlib.contextmanager
def _interruptible(stop: asyncio.Event) -> Iterator[None]:
    """The first Ctrl-C stops cleanly, the second at once."""
    loop = asyncio.get_running_loop()

    def first() -> None:
        loop.remove_signal_handler(signal.SIGINT)
        say("stopping: waiting for the requests on their way (Ctrl-C again: at once)")
        stop.set()

    loop.add_signal_handler(signal.SIGINT, first)
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGINT)
