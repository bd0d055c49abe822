"""One run of `freshet bench shard`: the shard from inside, beside raw FAISS; then the same over HTTP; then the truth.

The exact neighbours are computed after all timing: the stream is known beforehand, so that what the shard found at a
record can be judged at any time, and nothing has to stop for it.
"""

import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.latency import percentile
from bench.machine import load, machine
from bench.shard_figures import (
    Phase,
    Spent,
    Stretch,
    bytes_per_row,
    headline,
    http_headline,
    ratio,
)
from bench.shard_phases import Clients, OnMerged, Processes, Threads, leg, rest
from bench.shard_plan import ShardPlan
from bench.subject import Subject
from bench.truth import nearest, recall
from bench.vector_file import VectorFile, write_vectors
from bench.workload import Mirror, Numbers
from schemas.fusion import DEPTH

LIMIT = 10
HOST = "127.0.0.1"
Say = Callable[[str], None]


@dataclass
class Part:
    """What one part of the run measured: in-process or over HTTP."""

    static: Phase = field(default_factory=Phase)
    """All rows of the start in one graph, before the stream and between its legs."""
    streaming: Phase = field(default_factory=Phase)
    left: Phase = field(default_factory=Phase)
    """At rest, as the log leaves it: at the start, and between the legs."""
    fast: Phase = field(default_factory=Phase)
    stretch: Stretch = field(default_factory=Stretch)
    fast_stretch: Stretch = field(default_factory=Stretch)
    spent: Spent = field(default_factory=Spent)
    fast_spent: Spent = field(default_factory=Spent)
    found: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    """When, and what the first queries found then."""
    costs: dict[str, dict[str, Any]] = field(default_factory=dict)
    loaded: dict[str, Any] = field(default_factory=dict)
    deep_static: Phase = field(default_factory=Phase)
    """As `static`, of searches that ask for as many candidates as hybrid search does; over HTTP only."""
    deep_streaming: Phase = field(default_factory=Phase)


@dataclass
class Raw:
    """Raw FAISS in the same windows as the static shard."""

    static: Phase = field(default_factory=Phase)
    told: dict[str, Any] = field(default_factory=dict)


def run_shard(plan: ShardPlan, say: Say, within: Path | None = None) -> dict[str, Any]:
    """`within`: where its files lie meanwhile; default: where temporary files do. Raises SubjectFailed."""
    load_before = load()
    with tempfile.TemporaryDirectory(prefix="freshet-bench-", dir=within) as folder:
        place = Path(folder)
        say(f"drawing {plan.records:,} vectors")
        write_vectors(place / "vectors", plan.workload, plan.records)
        (place / "queries").write_bytes(plan.workload.queries(plan.queries).tobytes())
        exact = _truth_at_start(plan, place)
        inside, raw = _inside(plan, place, exact, say)
        outside = _outside(plan, place, say)
        say("computing the exact truth")
        recalls = _recalls(plan, [*inside.found, *outside.found], exact)
    steps = recalls[: len(inside.found)]
    return {
        **_top(inside, outside, raw, [step["recall"] for step in steps]),
        "plan": plan.told(),
        "machine": machine(),
        "load_before": load_before,
        "load_after": load(),
        "recall": recalls,
        "in_process": _part(inside),
        "raw_faiss": {**raw.static.figures(), **raw.told},
        "http": {
            **_part(outside),
            "deep_static": outside.deep_static.figures(),
            "deep_streaming": outside.deep_streaming.figures(),
        },
    }


def _setup(plan: ShardPlan, place: Path, name: str) -> dict[str, Any]:
    return {
        "folder": str(place / name),
        "vectors": str(place / "vectors"),
        "rows": plan.rows,
        "dim": plan.dim,
        "seed": plan.seed,
        "records": plan.records,
    }


def _inside(plan: ShardPlan, place: Path, exact: list[Numbers], say: Say) -> tuple[Part, Raw]:
    part, raw = Part(), Raw()
    of_raw = {"vectors": str(place / "vectors"), "rows": plan.rows, "dim": plan.dim, "seed": plan.seed}
    with (
        Subject("bench.shard_in_process", _setup(plan, place, "inside") | {"queries": plan.queries}) as shard,
        Subject("bench.peers.raw_faiss", of_raw | {"queries": plan.queries}) as peer,
    ):
        clients = Threads(shard, plan.clients)
        say("in-process: loading")
        part.loaded = shard.ask("load")
        rest([(part.left, clients)], plan.window_s)
        part.costs["static"] = shard.ask("costs")
        part.loaded |= shard.ask("merge")
        part.found.append(("merged", shard.ask("found", queries=plan.judged, merged=True)))
        part.found.append(("as loaded", shard.ask("found", queries=plan.judged)))
        wanted = recall(part.found[0][1]["found"], exact)
        raw.told = peer.ask("load")
        raw.told |= peer.ask("calibrate", truth=[line.tolist() for line in exact], wanted=wanted)
        raw.told["wanted_recall"] = round(wanted, 4)
        say(f"in-process: static, beside raw FAISS with ef {raw.told['ef']}")
        at_rest: list[tuple[Phase, Clients]] = [
            (part.static, Threads(shard, plan.clients, merged=True)),
            (raw.static, Threads(peer, plan.clients)),
        ]
        for _ in range(plan.static_rounds):
            rest(at_rest, plan.window_s)
        _stream(plan, part, shard, clients, plan.legs, at_rest, say, "in-process")
        raw.told |= peer.ask("costs")
    return part, raw


def _outside(plan: ShardPlan, place: Path, say: Say) -> Part:
    part = Part()
    with ExitStack() as processes:
        shard = processes.enter_context(Subject("bench.shard_over_http", _setup(plan, place, "outside")))
        port = shard.ask("listen")["port"]
        say("HTTP: loading")
        part.loaded = shard.ask("load")
        started = [
            processes.enter_context(Subject("bench.http_client", _client(plan, place, port, number)))
            for number in range(plan.clients)
        ]
        clients, deep = Processes(started, LIMIT), Processes(started, DEPTH)
        say("HTTP: static")
        rest([(part.left, clients)], plan.window_s)
        part.costs["static"] = shard.ask("costs")
        part.loaded |= shard.ask("merge")
        at_rest: list[tuple[Phase, Clients]] = [
            (part.static, OnMerged(clients, shard)),
            (part.deep_static, OnMerged(deep, shard)),
        ]
        for _ in range(plan.static_rounds):
            rest(at_rest, plan.window_s)
        _stream(plan, part, shard, clients, plan.http_legs, at_rest, say, "HTTP", [(part.deep_streaming, deep)])
    return part


def _client(plan: ShardPlan, place: Path, port: int, number: int) -> dict[str, Any]:
    first = number * plan.queries // plan.clients
    return {
        "host": HOST,
        "port": port,
        "queries": str(place / "queries"),
        "dim": plan.dim,
        "limit": LIMIT,
        "first": first,
    }


def _stream(
    plan: ShardPlan,
    part: Part,
    shard: Subject,
    clients: Clients,
    legs: list[int],
    at_rest: list[tuple[Phase, Clients]],
    say: Say,
    where: str,
    more: Sequence[tuple[Phase, Clients]] = (),
) -> None:
    """The stream in legs, with windows at rest between them; then the fast one. Costs of the legs are added up.

    `more`: measured beside the others in the legs.
    """

    def found(at: str) -> Callable[[], None]:
        return lambda: part.found.append((at, shard.ask("found", queries=plan.judged)))

    for upserts in legs:
        say(f"{where}: streaming {plan.rate:g}/s up to {upserts:,} upserts")
        last = plan.rows + upserts
        before = shard.ask("costs")
        phases = [(part.streaming, clients), *more]
        leg(shard, phases, part.stretch, plan.rate, last, plan.window_s, found("streaming"))
        part.costs["streaming"] = after = shard.ask("costs")
        part.spent.add(before, after)
        rest([(part.left, clients), *at_rest], plan.window_s / 2)
    say(f"{where}: streaming {plan.fast_rate:g}/s")
    before = shard.ask("costs")
    last = shard.ask("position")["next"] + plan.fast_upserts
    leg(shard, [(part.fast, clients)], part.fast_stretch, plan.fast_rate, last, plan.window_s, found("fast"))
    part.costs["fast"] = after = shard.ask("costs")
    part.fast_spent.add(before, after)


def _truth_at_start(plan: ShardPlan, place: Path) -> list[Numbers]:
    file = VectorFile(place / "vectors", plan.dim)
    exact = nearest(file.read(0, plan.rows), plan.workload.queries(plan.judged), LIMIT)
    file.close()
    return exact


def _recalls(plan: ShardPlan, found: list[tuple[str, dict[str, Any]]], at_start: list[Numbers]) -> list[dict[str, Any]]:
    """In the order of `found`; the mirror goes through the stream once."""
    mirror = Mirror(plan.workload, plan.records - plan.rows)
    queries = plan.workload.queries(plan.judged)
    exact: dict[int, list[Numbers]] = {0: at_start}
    for upserts in sorted({answer["records"] - plan.rows for _, answer in found}):
        mirror.advance(upserts)
        if upserts not in exact:
            exact[upserts] = nearest(mirror.vectors, queries, LIMIT)
    return [
        {
            "phase": phase,
            "upserts": answer["records"] - plan.rows,
            "churn": round((answer["records"] - plan.rows) / plan.rows, 3),
            "recall": round(recall(answer["found"], exact[answer["records"] - plan.rows]), 4),
        }
        for phase, answer in found
    ]


def _top(inside: Part, outside: Part, raw: Raw, recalls: list[float]) -> dict[str, Any]:
    static = inside.costs["static"]
    row = bytes_per_row(static["memory"], static["rows"])
    return {
        **headline(inside.static, inside.streaming, inside.stretch, recalls, row),
        **http_headline(outside.static, outside.streaming),
        "http_deep": {"depth": DEPTH, **http_headline(outside.deep_static, outside.deep_streaming)},
        "qps_against_raw": ratio(inside.static.qps, raw.static.qps),
        "fast": {
            "qps_kept": ratio(inside.fast.qps, inside.static.qps),
            "p95_ms": round(inside.fast.p95_ms, 3),
            "max_ms": round(inside.fast.max_ms, 3),
            "recall": recalls[-1],
            "visible_p95_ms": round(percentile(inside.fast_stretch.from_intended_ms, 0.95), 3),
            "http_qps_kept": ratio(outside.fast.qps, outside.static.qps),
            "http_p95_ms": round(outside.fast.p95_ms, 3),
        },
    }


def _part(part: Part) -> dict[str, Any]:
    return {
        "loaded": part.loaded,
        "static": part.static.figures(),
        "left": part.left.figures(),
        "streaming": {
            **part.streaming.figures(),
            **part.stretch.figures(),
            **part.spent.figures(part.stretch.upserts),
        },
        "fast": {
            **part.fast.figures(),
            **part.fast_stretch.figures(),
            **part.fast_spent.figures(part.fast_stretch.upserts),
        },
        "costs": part.costs,
    }
