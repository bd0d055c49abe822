"""What is counted of queries that find nothing, and what is typed when suggestions are measured."""

import random
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from bench.suggest import slipped, typed
from bench.zero_results import figures, read_query_files
from freshet.run_bench_suggest import lines as suggest_lines
from freshet.run_eval_zero_results import lines


def test_queries_of_all_files_each_once(tmp_path: Path) -> None:
    (tmp_path / "queries_a.csv").write_text("query,corrected\nsteele stake,steel stake\nsteele stake,x\n,\nlamp,\n")
    (tmp_path / "qrels.csv").write_text("query_id,rating\n1,2\n")
    assert read_query_files(tmp_path, 10) == {"queries_a.csv": ["steele stake", "lamp"]}
    assert read_query_files(tmp_path, 1) == {"queries_a.csv": ["steele stake"]}
    with pytest.raises(ValueError, match="column `query`"):
        read_query_files(tmp_path / "nowhere", 1)


def test_shares() -> None:
    plain: dict[str, Any] = {"hits": [1], "fallback": None}
    on = [plain, {"hits": [1], "fallback": {"step": "drop"}}, {"hits": [], "fallback": None}, plain]
    off = [plain, {"hits": [], "fallback": None}, {"hits": [], "fallback": None}, plain]
    found = figures(off, on)
    assert found == {
        "queries": 4, "empty_off": 0.5, "empty_on": 0.25, "unanswered": 0.5, "answered_by": {"drop": 0.25}
    }  # fmt: skip
    assert figures([], [])["empty_on"] is None
    printed = list(lines({"a.csv": {"words": found, "hybrid": figures([], [])}}))
    assert printed[0].startswith("a.csv") and "answered by drop 0.25" in printed[2]


def test_every_beginning_is_typed_and_some_with_a_slip() -> None:
    texts = list(islice(typed(["lamps", "red tv"]), 11))
    assert [len(text) for text in texts] == [1, 2, 3, 4, 5, 1, 2, 3, 5, 6, 1]
    assert texts[4] != "lamps" and sorted(texts[4]) == sorted("lamps") and texts[9] == "red tv"
    assert slipped("tv", random.Random(1)) == "tv"
    kinds = {"queries": 0, "products": 9, "brands": 2, "categories": 1}
    told = {"qps": 50.0, "count": 9, "p50": 1, "p95": 2, "p99": 3, "max": 4, "errors": 0, "degraded": 0, "with": kinds}
    assert list(suggest_lines(told))[-1] == "with queries 0, products 9, brands 2, categories 1"
