"""What an import tells at its end: figures, words, and the exit code."""

from collections.abc import Iterator
from typing import Any

from freshet.exit_codes import FAILED, INTERRUPTED, MISMATCH, OK
from freshet.imports.importing import Import
from freshet.imports.settling import FOUND, Settled
from freshet.imports.sync_plan import NAMES_SHOWN
from freshet.printing import print_json, print_lines, say
from freshet.progress import duration

EXAMPLES_SHOWN = 10


def facts(work: Import, settled: Settled | None, sent_s: float, interrupted: bool) -> dict[str, Any]:
    """The figures that docs/import.md explains."""
    tally, ledger = work.tally, work.ledger
    begun_s = tally.first_ack_s or sent_s
    found: dict[str, Any] = {
        "lines": tally.lines,
        "last_line": tally.last_line,
        "sent": tally.sent,
        "acknowledged": tally.acknowledged,
        "left_out": tally.left_out,
        "rejected": tally.rejected,
        "reasons": tally.reasons.counts,
        "examples": tally.reasons.examples(),
        "rejected_file": str(work.rejected_path) if tally.rejected else None,
        "cuts": tally.cuts,
        "slowed": tally.slowed,
        "sending_s": round(sent_s - begun_s, 2),
        "interrupted": interrupted,
    }
    if settled:
        kinds = ledger.outcomes()
        whole_s = settled.at_s - begun_s
        found |= {
            "outcomes": kinds,
            "unaccounted": ledger.unaccounted,
            "searchable": sum(kinds[kind] for kind in FOUND) if settled.searchable else None,
            "all_stages_passed": settled.searchable,
            "sampled": settled.sampled,
            "sample_missing": settled.missing,
            "seconds": round(whole_s, 2),
            "products_per_s": round(tally.acknowledged / whole_s, 1) if whole_s > 0 else None,
        }
    return found


def exit_code(result: dict[str, Any]) -> int:
    """MISMATCH: something is unaccounted for or not searchable; FAILED: lines were rejected, an error ended it, the
    file changed, a sync was refused, or some of its deletes were."""
    if result.get("interrupted"):
        return INTERRUPTED
    if result.get("error"):
        return FAILED
    sync = result.get("sync") or {}
    if result.get("unaccounted") or result.get("sample_missing") or result.get("all_stages_passed") is False:
        return MISMATCH
    if sync.get("unaccounted") or sync.get("still_served"):
        return MISMATCH
    if result.get("file_changed") or sync.get("refused") or sync.get("rejected") or sync.get("dead_lettered"):
        return FAILED
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
        yield f"lines          {result['lines']:,} ({result['format']})"
        yield f"good           {result['good']:,}"
    else:
        if result.get("skipped"):
            yield f"done before    {result['skipped']:,} rows, by an earlier run"
        yield f"lines          {result['lines']:,} (the last is line {result['last_line']:,} of the file)"
        yield f"sent           {result['sent']:,}"
        yield f"acknowledged   {result['acknowledged']:,}"
    if result.get("left_out"):
        yield f"left out       {result['left_out']:,} (by `only` in the mapping)"
    yield from _rejected_lines(result)
    if result["cuts"]:
        yield f"values cut     {result['cuts']:,} (items_max, chars_max, min or clean in the mapping)"
    if result.get("slowed"):
        yield f"repeated       {result['slowed']:,} requests (429, 503, or nobody answered)"
    if result.get("dry_run") and result["lines_per_s"] is not None:
        rate, memory = result["lines_per_s"], result["peak_rss_mb"]
        yield f"took           {duration(result['seconds'])}, {rate:,.0f} lines per second, {memory:,.0f} MB at most"
    if result.get("file_changed"):
        yield "NOT done       the file changed while it was read; the same command begins anew"
    elif result.get("goes_on_at") is not None:
        yield _goes_on(result)
    if "outcomes" in result:
        kinds = ", ".join(f"{kind} {count:,}" for kind, count in result["outcomes"].items() if count)
        yield f"outcomes       {kinds or 'none'}"
        yield f"unaccounted    {result['unaccounted']:,}"
        yield from _searchable_lines(result)
    if result.get("sync"):
        yield from _sync_lines(result["sync"])


def _rejected_lines(result: dict[str, Any]) -> Iterator[str]:
    if not result["rejected"]:
        return
    reasons = ", ".join(f"{reason} {count:,}" for reason, count in sorted(result["reasons"].items()))
    yield f"rejected       {result['rejected']:,} ({reasons}), see {result['rejected_file']}"
    examples = result.get("examples") or []
    for example in examples[:EXAMPLES_SHOWN]:
        lines = ", ".join(f"{number:,}" for number in example["lines"])
        more = " ..." if example["count"] > len(example["lines"]) else ""
        name = " ".join(filter(None, (example["reason"], example["field"])))
        yield f"  {example['count']:>8,} {name}, line {lines}{more}: {example['message']}"
    if len(examples) > EXAMPLES_SHOWN:
        yield f"           and {len(examples) - EXAMPLES_SHOWN:,} other kinds"


def _goes_on(result: dict[str, Any]) -> str:
    why, twice = "by Ctrl-C" if result["interrupted"] else "by an error", result["sent_twice"]
    note = f"{twice:,} rows behind a gap will be sent twice" if twice else "no row will be sent twice"
    return f"stopped        {why}; the same command goes on at row {result['goes_on_at']:,}; {note}"


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


def _sync_lines(sync: dict[str, Any]) -> Iterator[str]:
    named = ", ".join(sync["first"][:NAMES_SHOWN]) + (" ..." if sync["missing"] > len(sync["first"]) else "")
    if sync["missing"]:
        yield f"not in file    {sync['missing']:,} of {sync['live']:,} products: {named} (all in {sync['list']})"
    else:
        yield f"not in file    none of {sync['live']:,} products"
    if sync["left_alone"]:
        yield f"left alone     {sync['left_alone']:,} others, which changed after the import began"
    if sync["refused"]:
        yield f"NOT deleted    {sync['refused']}"
    elif sync["missing"]:
        changed = f"; {sync['superseded']:,} kept: they changed meanwhile" if sync["superseded"] else ""
        yield f"deleted        {sync['deleted']:,}{changed}"
        if sync["rejected"]:
            yield f"NOT deleted    {sync['rejected']:,}: the shop rejected their deletes, see {sync['rejected_file']}"
        if sync["dead_lettered"]:
            yield f"NOT deleted    {sync['dead_lettered']:,}: their deletes are dead letters, see freshet dlq ls"
        if sync["still_served"]:
            yield f"               STILL SERVED: {', '.join(sync['still_served'][:NAMES_SHOWN])}"
