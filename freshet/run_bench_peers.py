"""What `freshet bench peers` does: the same workload on each engine, one after the other, in one table."""

import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from bench.machine import load, machine
from bench.peers.engines import ENGINES, Engine
from bench.peers.judge import judged, nearest_at_start
from bench.peers.places import folder_of, install, install_command, interpreter
from bench.peers.plan import CLIENTS, DIM, Plan
from bench.peers.protocol import GROUPS, HNSW_EF_CONSTRUCTION, HNSW_M, RECALL_MIN
from bench.peers.running import run_engine
from freshet.exit_codes import MISMATCH, OK
from freshet.printing import print_json, print_lines, say
from freshet.running import data_folder
from schemas.errors import SettingsError

ALL = "all"
HEADINGS = (
    "engine",
    "ef",
    "static p50 / p95 ms",
    "recall",
    f"QPS, {CLIENTS} threads",
    "streaming p50 / p95 / max ms",
    "QPS kept",
    "recall at the end",
    "ack to visible p95 ms",
    "upserts/s",
    f"filter 1/{GROUPS}: recall, p95 ms",
    "Pss static / streaming MB",
    "load s",
)


def peers(engines: str, plan: Plan, data: Path | None, as_json: bool) -> int:
    """MISMATCH when an engine that is installed failed, or none is installed."""
    folder = data_folder(data, os.environ)
    before = load()
    nearest = nearest_at_start(plan)
    rows = [_measure(engine, plan, nearest, folder) for engine in chosen(engines)]
    around = {"load_before": before, "load_after": load()}
    figures = {"machine": machine(), **around, "workload": workload(plan), "engines": rows}
    if as_json:
        print_json(figures)
    else:
        print_lines(peer_lines(figures))
    measured = [row for row in rows if row["status"] == "measured"]
    return MISMATCH if not measured or any(row["status"] == "failed" for row in rows) else OK


def install_peers(engines: str, data: Path | None) -> int:
    folder = data_folder(data, os.environ)
    for engine in chosen(engines):
        if engine.packages:
            say(f"{engine.name}: installing {', '.join(engine.packages)} into {folder_of(engine, folder)}")
            install(engine, folder)
        else:
            say(f"{engine.name} comes with Freshet")
    return OK


def chosen(names: str) -> list[Engine]:
    """Engines by a comma-separated list, in its order; `all`: every one. Raises SettingsError."""
    wanted = list(ENGINES) if names == ALL else [name.strip() for name in names.split(",")]
    for name in wanted:
        if name not in ENGINES:
            raise SettingsError(f"there is no engine {name!r}", hint=f"engines: {', '.join(ENGINES)}, or {ALL}")
    return [ENGINES[name] for name in dict.fromkeys(wanted)]


def workload(plan: Plan) -> dict[str, Any]:
    return {
        "rows": plan.rows,
        "dim": DIM,
        "upserts_per_s": plan.rate,
        "seconds": plan.seconds,
        "seed": plan.seed,
        "queries": plan.queries,
        "threads": plan.clients,
        "hnsw": {"m": HNSW_M, "ef_construction": HNSW_EF_CONSTRUCTION, "recall_wanted": RECALL_MIN},
    }


def _measure(engine: Engine, plan: Plan, nearest: Sequence[Sequence[int]], data: Path) -> dict[str, Any]:
    python = interpreter(engine, data)
    if python is None:
        say(f"{engine.name} is not installed: {install_command(engine)}")
        return {"engine": engine.name, "status": "not installed", "install": install_command(engine)}
    say(f"{engine.name}: loading {plan.rows:,} rows, then {plan.measured_s:.0f} s of measuring")
    run = data / "peers" / f"run-{engine.name}-{os.getpid()}-{time.time_ns():x}"
    found = run_engine(engine, python, plan, nearest, run)
    status = "failed" if "error" in found else "measured"
    if status == "failed":
        say(f"{engine.name} failed: {found['error']}")
    return {"engine": engine.name, "status": status, **judged(found, plan)}


def peer_lines(figures: dict[str, Any]) -> Iterator[str]:
    """A table in Markdown, and below it what each row needs to be understood."""
    on, asked = figures["machine"], figures["workload"]
    yield (
        f"{asked['rows']:,} rows x {asked['dim']}, {asked['upserts_per_s']:g} upserts/s; "
        f"{on['cores']} cores, {on['cpu']}, "
        f"load average {figures['load_before'][0]:g} before, {figures['load_after'][0]:g} after"
    )
    yield ""
    yield "| " + " | ".join(HEADINGS) + " |"
    yield "|" + "---|" * len(HEADINGS)
    for row in figures["engines"]:
        yield "| " + " | ".join(_cells(row)) + " |"
    yield ""
    for row in figures["engines"]:
        yield from _footnotes(row)


def _cells(row: dict[str, Any]) -> list[str]:
    where = "" if "in_process" not in row else " (in-process)" if row["in_process"] else " (server)"
    static, streaming, end = row.get("static", {}), row.get("streaming", {}), row.get("end", {})
    filtered = row.get("filtered", {})
    return [
        row["engine"] + where,
        _text(row.get("tuned", {}).get("ef")),
        _join(_times(static), ("p50", "p95")),
        _text(static.get("recall")),
        _text(static.get("qps")),
        _join(_times(streaming), ("p50", "p95", "max")),
        _text(streaming.get("qps_kept")),
        _text(end.get("recall")),
        _text(streaming.get("ack_to_visible_ms", {}).get("p95")),
        _text(min(streaming.get("upserts_per_s", []), default=None)),
        f"{_text(filtered.get('recall'))}, {_text(_times(filtered).get('p95'))}",
        f"{_text(static.get('memory_mb'))} / {_text(end.get('memory_mb'))}",
        _text(row.get("load", {}).get("load_s")),
    ]


def _times(part: dict[str, Any]) -> dict[str, Any]:
    times: dict[str, Any] = part.get("one_client_ms", {})
    return times


def _join(times: dict[str, Any], names: tuple[str, ...]) -> str:
    return " / ".join(_text(times.get(name)) for name in names)


def _text(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _footnotes(row: dict[str, Any]) -> Iterator[str]:
    if row["status"] == "not installed":
        yield f"{row['engine']}: not installed; {row['install']}"
        return
    versions = ", ".join(f"{name} {version}" for name, version in row.get("versions", {}).items())
    settings = "; ".join(f"{name} {value}" for name, value in row.get("settings", {}).items())
    yield f"{row['engine']}: {versions}; {settings}; load average {row['load_before'][0]:g} before"
    if row["status"] == "failed":
        yield f"  failed: {row['error']}"
    for note in row.get("notes", []):
        yield f"  {note}"
