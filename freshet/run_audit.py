"""What `freshet audit` does: checks the books of the running stack, once or round after round."""

import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

from agents.topics import Topics
from freshet.exit_codes import MISMATCH, OK
from freshet.http_page import look
from freshet.printing import print_json, print_json_line, print_lines, say
from freshet.remedies import shard_name
from freshet.show_logs import since
from freshet.target import Target, find_target
from replay.audit.findings import Finding, Tally
from replay.audit.partition import PartitionAudit, Span
from replay.audit.replicas import Replica
from replay.audit.run import Audited, audit_all, audit_of, compare_replicas
from replay.audit.share import Share
from schemas.errors import Unavailable

NICE = 10
"""It reads as fast as it can: searches and agents go first."""


class AuditOptions(NamedTuple):
    begin: str
    end: str
    every_s: float | None
    """None: one round."""
    replicas: bool
    workers: int | None


def audit(options: AuditOptions, url: str, data: Path | None, as_json: bool) -> int:
    """MISMATCH when something differs. Raises Unavailable, InvalidRequest."""
    target = find_target(url, data, reads_kafka=True)
    now_s = time.time()
    span = Span(_ms(options.begin, "--from", now_s), _ms(options.end, "--to", now_s))
    replicas, away = replicas_of(target) if options.replicas else ([], {})
    topics = Topics(target.generation, target.partitions)
    what = Audited(target.kafka, topics, span, replicas, round(now_s * 1000))
    os.nice(NICE)
    if options.every_s is not None:
        return _watch(what, options.every_s, as_json)
    began_s = time.monotonic()
    tally = audit_all(what, options.workers or os.cpu_count() or 1)
    tally.not_compared |= away
    took_s = time.monotonic() - began_s
    if as_json:
        print_json({**tally.facts(), **rate(tally, took_s)})
    else:
        print_lines(lines(tally, took_s))
    return MISMATCH if tally.found else OK


def replicas_of(target: Target) -> tuple[list[Replica], dict[str, str]]:
    """All that the tier knows, and those that do not answer, with the reason. Raises Unavailable."""
    page = look(target.url, "/v1/status", target.key)
    if page.status != 200:
        raise Unavailable(
            f"{target.url} does not tell its replicas (status {page.status})",
            hint="freshet audit --no-replicas compares the topics alone",
        )
    away = {str(place): "it does not answer the tier" for place in page.body.get("unreachable", [])}
    found: set[Replica] = set()
    for url in sorted({one["address"] for one in page.body["replicas"]}):
        shards = look(url, "/state").body.get("shards")
        if shards is None:
            away[url] = "it does not answer"
        else:
            found |= {_replica(url, shard) for shard in shards}
    return sorted(found), away


def _replica(url: str, shard: dict[str, Any]) -> Replica:
    partition, number = shard["state"]["partition"], shard["state"]["replica"]
    return Replica(shard_name(partition, number), url, partition, shard["encoder"], shard["dim"])


def _ms(text: str, option: str, now_s: float) -> int | None:
    return round(since(text, now_s, option) * 1000) if text else None


def rate(tally: Tally, took_s: float) -> dict[str, float]:
    return {"took_s": round(took_s, 2), "events_per_s": round(tally.events / max(took_s, 1e-9), 1)}


def lines(tally: Tally, took_s: float) -> Iterator[str]:
    kinds = ", ".join(f"{count:,} {kind}" for kind, count in sorted(tally.outcomes.items()) if count)
    yield f"{tally.events:,} events in {took_s:.1f} s ({rate(tally, took_s)['events_per_s']:,.0f}/s): {kinds or 'none'}"
    yield "equal to the rules: " + ", ".join(f"{count:,} {base}" for base, count in tally.records.items())
    yield f"embedded: the newest content of {tally.documents:,} products; {tally.waiting:,} wait for the encoder"
    for count, words in (
        (tally.not_kept, "events whose outcomes are no longer kept"),
        (tally.compacted, "records replaced by a newer one beyond the horizon"),
    ):
        if count:
            yield f"{count:,} {words}"
    yield from (f"{name}: {count:,} rows compared" for name, count in sorted(tally.rows.items()))
    yield from (f"{name} was not compared: {why}" for name, why in sorted(tally.not_compared.items()))
    yield from map(line, tally.findings)
    if tally.found > len(tally.findings):
        yield f"... and {tally.found - len(tally.findings):,} more"
    yield f"{tally.found:,} differences" if tally.found else "nothing differs"


def line(one: Finding) -> str:
    about = " ".join(filter(None, [one.sku, f"event {one.event_id}" if one.event_id else ""]))
    return f"{one.kind:<9} {one.where}: {about or 'unknown'}: {one.message}"


def _watch(what: Audited, every_s: float, as_json: bool) -> int:
    with ExitStack() as closing:
        audits = [audit_of(what, partition, Share(), closing) for partition in range(what.topics.partitions)]

        def compared(partition: int, tally: Tally) -> None:
            compare_replicas(what, partition, Share(), tally)

        return watch(audits, compared, lambda: time.sleep(every_s), as_json)


def watch(
    audits: Sequence[PartitionAudit], compared: Callable[[int, Tally], None], wait: Callable[[], None], as_json: bool
) -> int:
    """Goes on until Ctrl-C, which is how it ends: then the exit code tells whether anything differed.

    `compared` compares the replicas of a partition, `wait` passes the time between two rounds.
    """
    try:
        while True:
            for partition, one in enumerate(audits):
                _round(partition, one, compared, as_json)
            wait()
    except KeyboardInterrupt:
        total = sum(one.tally.found for one in audits)
        say(f"{total:,} differences" if total else "nothing differed")
        return MISMATCH if total else OK


def _round(partition: int, one: PartitionAudit, compared: Callable[[int, Tally], None], as_json: bool) -> None:
    """Tells what is new."""
    began_s, before = time.monotonic(), (one.tally.events, one.tally.found, len(one.tally.findings))
    one.round()
    compared(partition, one.tally)
    events, found = one.tally.events - before[0], one.tally.found - before[1]
    findings, took_s = one.tally.findings[before[2] :], time.monotonic() - began_s
    if as_json:
        facts = {"at_ms": time.time_ns() // 1_000_000, "partition": partition, "events": events, "found": found}
        told = {**facts, "waiting": one.tally.waiting, "findings": [finding._asdict() for finding in findings]}
        print_json_line(told)
    else:
        at = time.strftime("%H:%M:%S")
        print_lines([f"{at} partition {partition}: {events:,} events in {took_s:.1f} s, {found:,} differences"])
        print_lines(map(line, findings))
    sys.stdout.flush()
