"""One engine through the workload: load, search, search while upserts stream in. Runs in the engine's own process."""

import os
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from bench.closed_loop import latencies, throughput
from bench.latency import percentile, summary
from bench.peers.memory import pss_mb
from bench.peers.plan import GROUP_ASKED, LIMIT, Plan
from bench.peers.protocol import HNSW_EFS, RECALL_MIN, Peer
from bench.peers.stream import Sent, Stream

WARM_UP = 100
"""Searches before the first that counts."""
POLL_S = 0.001
VISIBLE_MAX_S = 5.0
"""An upsert that no search has found by then is counted as not seen."""
PROBES_PER_S = 10

Queries = Sequence[npt.NDArray[np.float32]]
"""Each of shape (dim,)."""
Report = Callable[[str, dict[str, Any]], None]
"""Takes the name of a part that is over and its figures."""


def drive(peer: Peer, plan: Plan, nearest: Sequence[Sequence[int]], report: Report) -> None:
    """`nearest`: the true neighbours of the first queries at the start, by which `ef` is chosen.

    Measures one part after the other and reports each, so that those before a failure are kept.

    Answers are reported as lists of SKU numbers, one per query; who knows the truth judges them. Times in ms.
    """
    workload = plan.workload
    queries = list(workload.queries(plan.queries).astype(np.float32))
    report("start", {"memory_mb": _memory(peer)})
    report("load", _load(peer, plan))
    report("tuned", _tuned(peer, queries, nearest))
    report("static", _static(peer, plan, queries))
    if filtered := _filtered(peer, queries):
        report("filtered", filtered)
    upserts = workload.upserts(0, plan.upserts_max).astype(np.float32)
    stream = Stream(peer, workload.upserted(plan.upserts_max), upserts, plan.rate, plan.rows)
    report("streaming", _streaming(peer, plan, queries, stream))
    report("end", {"applied": stream.applied, "answers": _answers(peer, queries), "memory_mb": _memory(peer)})


def _load(peer: Peer, plan: Plan) -> dict[str, Any]:
    skus, vectors = np.arange(plan.rows, dtype=np.int64), plan.workload.catalogue(0, plan.rows).astype(np.float32)
    begun_s = time.perf_counter()
    peer.load(skus, vectors)
    return {"load_s": round(time.perf_counter() - begun_s, 1)}


def _tuned(peer: Peer, queries: Queries, nearest: Sequence[Sequence[int]]) -> dict[str, Any]:
    """The smallest `ef` with which the engine finds RECALL_MIN of the neighbours, else the greatest there is."""
    if peer.ef is not None:
        for ef in HNSW_EFS:
            peer.ef = ef
            if _share_found(_answers(peer, queries[: len(nearest)]), nearest) >= RECALL_MIN:
                break
    return {"ef": peer.ef}


def _share_found(answers: Sequence[Sequence[int]], nearest: Sequence[Sequence[int]]) -> float:
    found = sum(len(set(answer) & set(true)) for answer, true in zip(answers, nearest, strict=True))
    return found / sum(map(len, nearest))


def _static(peer: Peer, plan: Plan, queries: Queries) -> dict[str, Any]:
    _answers(peer, queries[:WARM_UP])
    return {
        "answers": _answers(peer, queries),
        "one_client_ms": summary(_one_client(peer, queries, plan.static_s), 3),
        "qps": _qps(peer, queries, plan.clients, plan.static_s),
        "memory_mb": _memory(peer),
    }


def _filtered(peer: Peer, queries: Queries) -> dict[str, Any] | None:
    answers, times_ms = [], []
    for query in queries[:WARM_UP]:
        begun_s = time.perf_counter()
        found = peer.search_group(query, LIMIT, GROUP_ASKED)
        times_ms.append((time.perf_counter() - begun_s) * 1000)
        if found is None:
            return None
        answers.append(found)
    return {"answers": answers, "one_client_ms": summary(times_ms, 3)}


def _streaming(peer: Peer, plan: Plan, queries: Queries, stream: Stream) -> dict[str, Any]:
    with stream:
        alone_ms = _one_client(peer, queries, plan.seconds)
    parts = [stream.sent]
    with stream:
        qps = _qps(peer, queries, plan.clients, plan.crowded_s)
    parts.append(stream.sent)
    with stream:
        seen_ms, not_seen = _probe(peer, stream, plan.probing_s)
    parts.append(stream.sent)
    return {
        "one_client_ms": summary(alone_ms, 3),
        "qps": qps,
        "ack_to_visible_ms": summary(seen_ms, 1) | {"not_seen": not_seen},
        **_sent(parts),
    }


def _sent(parts: list[Sent]) -> dict[str, Any]:
    """Upserts per second with one client, with all, and while probing; acknowledgements over all three."""
    return {
        "upserts_per_s": [round(part.upserts / part.seconds, 1) for part in parts],
        "behind_max": max(part.behind for part in parts),
        "ack_p95_ms": round(percentile([ack_ms for part in parts for ack_ms in part.acks_ms], 0.95), 1),
    }


def _answers(peer: Peer, queries: Queries) -> list[list[int]]:
    return [peer.search(query, LIMIT) for query in queries]


def _one_client(peer: Peer, queries: Queries, seconds: float) -> Sequence[float]:
    """Time of each search in ms, one after the other."""
    return latencies(lambda query: peer.search(query, LIMIT), queries, seconds)


def _qps(peer: Peer, queries: Queries, clients: int, seconds: float) -> float:
    """Searches per second of so many clients, each of which asks again as soon as it is answered."""
    searches, took_s = throughput(lambda query: peer.search(query, LIMIT), queries, seconds, clients)
    return round(searches / took_s, 1)


def _probe(peer: Peer, stream: Stream, seconds: float) -> tuple[list[float], int]:
    """Times in ms from the acknowledgement of a new SKU to the first search for its vector that finds it."""
    seen_ms: list[float] = []
    not_seen = 0
    until_s = time.perf_counter() + seconds
    while (now_s := time.perf_counter()) < until_s:
        new = stream.next_new(until_s - now_s)
        if new is None:
            break
        while new.sku not in peer.search(new.vector, LIMIT):
            if time.perf_counter() - new.at_s > VISIBLE_MAX_S:
                not_seen += 1
                break
            time.sleep(POLL_S)
        else:
            seen_ms.append((time.perf_counter() - new.at_s) * 1000)
        time.sleep(1 / PROBES_PER_S)
    return seen_ms, not_seen


def _memory(peer: Peer) -> float | None:
    return pss_mb([os.getpid(), *peer.processes()])
