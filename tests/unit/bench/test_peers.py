"""The harness of `freshet bench peers` on exact peers in memory, on peers that do badly, and on what is installed."""

import copy
import functools
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from bench.peers import drive, running
from bench.peers.engines import ENGINES, IN_THE_EXTRA, Engine
from bench.peers.exact import Exact
from bench.peers.judge import judged, nearest_at_start
from bench.peers.memory import holding, pss_mb, with_descendants
from bench.peers.places import DONE, folder_of, interpreter
from bench.peers.plan import DIM, GROUP_ASKED, LIMIT, Plan
from bench.peers.protocol import HNSW_EFS, Peer, group_of
from bench.peers.running import run_engine
from bench.peers.stream import BATCH_MAX, Stream, StreamFailed, newest_of
from bench.truth import nearest
from freshet.run_bench_peers import chosen, peer_lines, peers
from schemas.errors import SettingsError
from tests.unit.bench import odd_peers
from tests.waiting import LIMIT_S

PLAN = Plan(rows=1_000, rate=400, seconds=0.3, queries=20)
AT_ONCE = 1e15
"""Upserts per second: all are due at the first look."""
PARTS = ["start", "load", "tuned", "static", "filtered", "streaming", "end"]
EXACT = ENGINES["exact"]


@functools.cache
def neighbours() -> list[list[int]]:
    return nearest_at_start(PLAN)


def driven(peer: Peer, plan: Plan = PLAN) -> dict[str, Any]:
    parts: dict[str, Any] = {}
    drive.drive(peer, plan, neighbours(), lambda name, figures: parts.update({name: figures}))
    return parts


@pytest.fixture(scope="module")
def exact_parts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a whole run of the exact peer reported. Not to be changed."""
    return driven(Exact(tmp_path_factory.mktemp("exact"), DIM))


def odd(name: str) -> Engine:
    return replace(EXACT, name=name, driver=f"tests.unit.bench.odd_peers:{name}")


def test_an_exact_peer_has_perfect_recall_before_and_after_the_stream(exact_parts: dict[str, Any]) -> None:
    row = judged({"parts": exact_parts}, PLAN)
    assert list(exact_parts) == PARTS
    assert [row[part]["recall"] for part in ("static", "filtered", "end")] == [1.0, 1.0, 1.0]
    assert exact_parts["end"]["applied"] > 0
    assert row["streaming"]["qps_kept"] == pytest.approx(row["streaming"]["qps"] / row["static"]["qps"], abs=0.001)
    assert not [note for note in row["notes"] if "recall" in note or "not seen" in note]
    assert all("answers" not in row[part] for part in exact_parts)


def test_answers_of_a_filter_are_all_in_the_group(exact_parts: dict[str, Any]) -> None:
    answers = exact_parts["filtered"]["answers"]
    assert all(len(answer) == LIMIT for answer in answers)
    assert set(group_of(np.concatenate(answers)).tolist()) == {GROUP_ASKED}


def test_the_exact_peer_agrees_with_the_exact_truth_and_orders_ties_by_number(tmp_path: Path) -> None:
    peer, vectors = Exact(tmp_path, DIM), PLAN.workload.catalogue(0, 300)
    twice = np.vstack([vectors, vectors])
    peer.load(np.arange(600, dtype=np.int64)[::-1].copy(), twice[::-1].astype(np.float32))
    queries = PLAN.workload.queries(10)
    truth = nearest(twice, queries, LIMIT)
    assert [peer.search(query.astype(np.float32), LIMIT) for query in queries] == [line.tolist() for line in truth]


@pytest.mark.parametrize(("enough", "chosen_ef"), [(HNSW_EFS[2], HNSW_EFS[2]), (HNSW_EFS[-1] + 1, HNSW_EFS[-1])])
def test_an_engine_gets_the_fewest_candidates_that_reach_the_recall(
    tmp_path: Path, enough: int, chosen_ef: int
) -> None:
    peer = odd_peers.Blurred(tmp_path, DIM)
    peer.enough = enough
    parts = driven(peer)
    assert parts["tuned"] == {"ef": chosen_ef}
    reached = judged({"parts": parts}, PLAN)["static"]["recall"]
    assert (reached == 1.0) == (enough == chosen_ef)


def test_a_peer_without_filters_has_no_figure_of_them(tmp_path: Path) -> None:
    row = judged({"parts": driven(odd_peers.NoFilter(tmp_path, DIM))}, PLAN)
    assert "filtered" not in row
    assert row["end"]["recall"] == 1.0


def test_upserts_that_are_never_seen_are_counted_and_cost_recall(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drive, "VISIBLE_MAX_S", 0.01)
    row = judged({"parts": driven(odd_peers.Hides(tmp_path, DIM))}, PLAN)
    assert row["static"]["recall"] == 1.0
    assert row["end"]["recall"] < 1.0
    assert row["streaming"]["ack_to_visible_ms"]["not_seen"] > 0
    assert any("not seen in time" in note for note in row["notes"])


def stream_of(peer: Peer, upserts: int, rate: float = AT_ONCE) -> Stream:
    workload = PLAN.workload
    vectors = workload.upserts(0, upserts).astype(np.float32)
    return Stream(peer, workload.upserted(upserts), vectors, rate, PLAN.rows)


@pytest.mark.parametrize(("upserts", "batches"), [(BATCH_MAX, 1), (BATCH_MAX + 1, 2)])
def test_what_is_due_goes_out_together_up_to_a_limit(tmp_path: Path, upserts: int, batches: int) -> None:
    peer = odd_peers.Holds(tmp_path, DIM)
    peer.let_go.set()
    stream = stream_of(peer, upserts)
    with stream:
        while stream.applied < upserts:
            stream.next_new(0.01)
    assert len(peer.batches) == batches
    assert stream.sent.upserts == stream.applied == upserts


def test_a_slow_peer_gets_what_has_come_meanwhile_and_the_rest_is_told_as_behind(tmp_path: Path) -> None:
    peer = odd_peers.Holds(tmp_path, DIM)
    stream = stream_of(peer, 3 * BATCH_MAX)
    with stream:
        peer.let_go.set()
        stream.next_new(1)
    assert stream.sent.behind > 0
    assert max(peer.batches) <= BATCH_MAX


def test_a_batch_holds_each_sku_once_with_its_last_vector() -> None:
    skus, vectors = np.array([5, 7, 5], dtype=np.int64), np.arange(3, dtype=np.float32)[:, None]
    kept, of = newest_of(skus, vectors)
    assert dict(zip(kept.tolist(), of[:, 0].tolist(), strict=True)) == {5: 2.0, 7: 1.0}


def test_a_failed_upsert_ends_the_part_with_its_words(tmp_path: Path) -> None:
    peer = odd_peers.Refuses(tmp_path, DIM)
    peer.load(np.arange(10, dtype=np.int64), np.zeros((10, DIM), dtype=np.float32))
    stream = stream_of(peer, 10)
    with pytest.raises(StreamFailed, match="the disk is full"), stream:
        stream._thread.join()


def test_an_engine_runs_in_a_process_of_its_own_and_leaves_nothing(tmp_path: Path) -> None:
    found = run_engine(EXACT, Path(sys.executable), PLAN, neighbours(), tmp_path / "run")
    assert list(found["parts"]) == PARTS
    assert "error" not in found
    assert found["in_process"] is True
    assert not (tmp_path / "run").exists()


def test_figures_before_a_failure_are_kept(tmp_path: Path) -> None:
    found = run_engine(odd("Refuses"), Path(sys.executable), PLAN, neighbours(), tmp_path / "run")
    assert list(found["parts"]) == ["start", "load", "tuned", "static", "filtered"]
    assert found["error"] == "StreamFailed: an upsert failed: the disk is full"
    row = judged(found, PLAN)
    assert row["static"]["recall"] == 1.0
    assert row["error"] == found["error"]


def test_a_process_that_dies_tells_its_last_words_and_its_server_is_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pid_file = tmp_path / "pid"
    monkeypatch.setenv("SERVER_PID_FILE", str(pid_file))
    found = run_engine(odd("Dies"), Path(sys.executable), PLAN, neighbours(), tmp_path / "run")
    assert "ended with 3" in found["error"] and "out of memory" in found["error"]
    server = int(pid_file.read_text())
    assert not psutil.pid_exists(server) or psutil.Process(server).status() == psutil.STATUS_ZOMBIE
    assert judged(found, PLAN)["start"]


def test_an_engine_that_does_not_end_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "PARTS_MAX", 0.0)
    found = run_engine(
        odd("Sleeps"), Path(sys.executable), PLAN, neighbours(), tmp_path / "run", start_and_load_max_s=1.0
    )
    assert found["error"] == "was not done after 1 s"


def test_the_measured_process_needs_numpy_and_nothing_else() -> None:
    """An engine's own environment has none of the project's dependencies."""
    code = (
        "import sys, bench.peers.child\n"
        "from bench.peers.exact import Exact\n"
        "own = set(sys.stdlib_module_names) | {'bench', 'numpy', 'cython_runtime'}\n"
        "names = {name.partition('.')[0] for name in sys.modules}\n"
        "print(sorted(name for name in names - own if not name.startswith('_')))"
    )
    bare = [sys.executable, "-S", "-c", f"import sys; sys.path += {numpy_and_project()}\n{code}"]
    assert subprocess.run(bare, capture_output=True, text=True, check=True).stdout.strip() == "[]"


def numpy_and_project() -> list[str]:
    return [str(Path(np.__file__).parents[1]), str(Path(drive.__file__).parents[2])]


def test_an_engine_that_is_not_installed_is_named_with_the_command_that_installs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    absent = replace(EXACT, name="absent", imports=("no_such_module",))
    monkeypatch.setitem(ENGINES, "absent", absent)
    assert peers("absent,exact", PLAN, tmp_path, as_json=False) == 0
    out = capsys.readouterr().out
    assert "absent: not installed; freshet bench peers --install absent" in out
    assert "| exact (in-process) |" in out
    assert peers("absent", PLAN, tmp_path, as_json=True) == 4


def test_an_own_environment_comes_first_once_it_is_complete(tmp_path: Path) -> None:
    own = folder_of(EXACT, tmp_path)
    own.mkdir(parents=True)
    assert interpreter(EXACT, tmp_path) == Path(sys.executable)
    (own / DONE).touch()
    assert interpreter(EXACT, tmp_path) == own / "bin" / "python"


def test_unknown_engines_are_refused_with_the_names_there_are() -> None:
    assert [engine.name for engine in chosen("chroma, exact,chroma")] == ["chroma", "exact"]
    assert [engine.name for engine in chosen("all")] == list(ENGINES)
    with pytest.raises(SettingsError, match="there is no engine 'oracle'"):
        chosen("exact,oracle")


def test_what_must_be_known_stands_below_the_table(exact_parts: dict[str, Any]) -> None:
    parts = copy.deepcopy(exact_parts)
    parts["streaming"]["upserts_per_s"] = [400.0, 379.0, 400.0]
    parts["static"]["answers"] = [[0] * LIMIT for _ in parts["static"]["answers"]]
    row = judged({"parts": parts}, PLAN)
    assert "kept up with 379 of 400 upserts/s" in row["notes"]
    assert any("its speed is not comparable" in note for note in row["notes"])
    parts["streaming"]["upserts_per_s"] = [380.0]
    assert not any("kept up" in note for note in judged({"parts": parts}, PLAN)["notes"])
    figures = {
        "machine": {"cores": 2, "cpu": "a CPU"},
        "load_before": [0.1],
        "load_after": [0.2],
        "workload": {"rows": 1, "dim": 2, "upserts_per_s": 3.0},
        "engines": [{"engine": "exact", "status": "measured", "load_before": [1.0], **row}],
    }
    lines = list(peer_lines(figures))
    assert "  kept up with 379 of 400 upserts/s" in lines
    assert lines[3].count("|") == lines[2].count("|") == lines[4].count("|")


def test_memory_of_a_process_holds_its_children() -> None:
    child = subprocess.Popen([sys.executable, "-c", odd_peers.UNTIL_KILLED, "a-folder-of-mine"])
    try:
        deadline_s = time.monotonic() + LIMIT_S
        while not pss_mb([child.pid]) and time.monotonic() < deadline_s:
            time.sleep(0.01)  # it has no memory of its own between fork and exec
        alone, both = pss_mb([child.pid]), pss_mb([os.getpid()])
        assert alone is not None and both is not None and both > alone > 0
        assert child.pid in with_descendants([os.getpid()])
        assert child.pid in holding(Path("a-folder-of-mine"))
    finally:
        child.kill()
        child.wait()
    assert pss_mb([child.pid]) is None


def test_the_extra_names_what_the_engines_need_and_no_lock_does() -> None:
    import tomllib

    root = Path(__file__).parents[3]
    extra = tomllib.loads((root / "pyproject.toml").read_text())["project"]["optional-dependencies"]["peers"]
    needed = {package for name in IN_THE_EXTRA for package in ENGINES[name].packages} - {"numpy>=2"}
    assert set(extra) == needed
    locked = (root / "lock" / "base.txt").read_text()
    assert not [package for package in extra if f"\n{package.partition('==')[0]}==" in locked]


@pytest.mark.parametrize("name", [name for name in ENGINES if name != "exact"])
def test_each_engine_answers_the_workload(name: str, tmp_path: Path) -> None:
    engine = ENGINES[name]
    python = interpreter(engine, Path(os.environ.get("FRESHET_DATA", ".freshet")))
    if python is None:
        pytest.skip(f"{name} is not installed: freshet bench peers --install {name}")
    found = run_engine(engine, python, PLAN, neighbours(), tmp_path / "run")
    row = judged(found, PLAN)
    assert "error" not in row, row["error"]
    assert list(found["parts"]) == PARTS
    assert row["versions"]
    assert row["static"]["recall"] > 0.9
