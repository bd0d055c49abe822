"""What the commands print and exit with."""

import io
from pathlib import Path
from typing import Any

import orjson
import pytest

from freshet import exit_codes
from freshet.filter_options import attribute_filters, json_filters
from freshet.imports.checking import dry_run
from freshet.imports.mapping_file import parse_mapping
from freshet.imports.readers.jsonl import JsonLines
from freshet.imports.rejected import RejectedFile
from freshet.imports.report import exit_code, report_lines
from freshet.progress import PlainLines, Step, duration
from freshet.run_bench import fields_of, freshness_lines, rates_of, search_lines
from freshet.run_products import SearchOptions, product_lines, sort_of
from freshet.run_products import search_lines as hit_lines
from freshet.run_sessions import session_lines
from schemas.errors import InvalidRequest, SettingsError
from schemas.filters import Filters
from schemas.sorting import SORTS

GOOD: dict[str, Any] = {
    "lines": 3,
    "last_line": 3,
    "sent": 3,
    "acknowledged": 3,
    "rejected": 0,
    "reasons": {},
    "cuts": 0,
    "interrupted": False,
    "outcomes": {"indexed": 2, "unchanged": 1, "dead-lettered": 0},
    "unaccounted": 0,
    "searchable": 3,
    "all_stages_passed": True,
    "sampled": 3,
    "sample_missing": [],
    "seconds": 1.5,
    "products_per_s": 2.0,
    "texts_encoded": 2,
    "products_in_shop": 3,
}
STATE = {"partition": 0, "replica": 0, "lineage": "l", "documents_offset": 7, "offers_offset": 8}
HIT = {
    "sku": "s",
    "score": 0.5,
    "content": {"title": "A lamp", "attributes": {"watts": 40}},
    "offer": {"price": {"amount": 9.5, "currency": "EUR"}},
    "in_stock": True,
    "content_order": [1, 5],
    "offer_order": None,
}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, exit_codes.OK),
        ({"unaccounted": 1}, exit_codes.MISMATCH),
        ({"sample_missing": ["s"]}, exit_codes.MISMATCH),
        ({"all_stages_passed": False}, exit_codes.MISMATCH),
        ({"rejected": 1}, exit_codes.FAILED),
        ({"error": "gone"}, exit_codes.FAILED),
        ({"file_changed": True}, exit_codes.FAILED),
        ({"interrupted": True, "unaccounted": 5}, exit_codes.INTERRUPTED),
    ],
)
def test_exit_codes_of_an_import(changes: dict[str, Any], code: int) -> None:
    assert exit_code(GOOD | changes) == code


def test_the_report_of_an_import_names_what_matters() -> None:
    text = "\n".join(report_lines(GOOD))
    assert "indexed 2, unchanged 1" in text
    assert "dead-lettered" not in text
    assert "3 (looked up 3 of them: all served)" in text
    bad = GOOD | {"rejected": 2, "reasons": {"too_large": 2}, "rejected_file": "r.jsonl", "sample_missing": ["s9"]}
    text = "\n".join(report_lines(bad))
    assert "too_large 2" in text
    assert "r.jsonl" in text
    assert "NOT served: s9" in text


def test_a_dry_run_checks_as_the_server_would(tmp_path: Path) -> None:
    file = tmp_path / "p.jsonl"
    lines = [{"id": "1", "name": "A"}, {"id": "2", "name": ""}, {"id": "3", "name": "C", "more": {"x": 1}}]
    file.write_bytes(b"\n".join(map(orjson.dumps, lines)))
    mapping = parse_mapping('fields = { sku = "id", title = "name" }')
    found = dry_run(JsonLines(file), mapping, None, RejectedFile(tmp_path / "r.jsonl"), PlainLines(io.StringIO()))
    assert (found["lines"], found["good"], found["rejected"]) == (3, 1, 2)
    assert found["reasons"] == {"invalid_field": 2}
    assert [(seen["field"], seen["lines"]) for seen in found["examples"]] == [("attributes.more", [3]), ("title", [2])]
    assert len((tmp_path / "r.jsonl").read_bytes().splitlines()) == 2


def test_an_import_that_stopped_says_where_it_goes_on() -> None:
    stopped = GOOD | {"interrupted": True, "goes_on_at": 301, "sent_twice": 0}
    assert "by Ctrl-C; the same command goes on at row 301; no row will be sent twice" in "\n".join(
        report_lines(stopped)
    )
    failed = GOOD | {"error": "gone", "goes_on_at": 7, "sent_twice": 3}
    assert "by an error; the same command goes on at row 7; 3 rows behind a gap" in "\n".join(report_lines(failed))
    assert "stopped" not in "\n".join(report_lines(GOOD | {"goes_on_at": None}))
    changed = "\n".join(report_lines(GOOD | {"file_changed": True, "goes_on_at": 1, "sent_twice": 3}))
    assert "the file changed while it was read; the same command begins anew" in changed and "stopped" not in changed


def test_a_search_sends_only_the_filters_that_were_given() -> None:
    options = SearchOptions("lamp", 5, 1, [], False, None, 20.0, None, True, False)
    assert options.body()["filters"] == {"price_max": 20.0}
    assert SearchOptions("", 5, 1, ["A"], True, 0.0, None, "s", False, False).body()["filters"] == {
        "brand": ["A"],
        "in_stock": True,
        "price_min": 0.0,
    }


def test_a_product_that_is_asked_after_is_explained() -> None:
    options = SearchOptions("lamp", 5, 1, [], False, None, None, None, False, False, why="x")
    assert (options.body()["explain"], options.body()["explain_sku"]) == (True, "x")
    told = {"sku": "x", "partition": 0, "stage": "not live", "says": "it is not shown: deleted", "hint": "see there"}
    answer = {
        "hits": [],
        "degraded": [],
        "found": 0,
        "took_ms": 1.0,
        "request_id": "r",
        "made_from": [],
        "encoder": "e",
    }
    lines = hit_lines(answer | {"explain": {"query_vector": "cache", "sku": told}}, 0)
    assert lines[-2:] == ["  x: it is not shown: deleted (not live, partition 0)", "    see there"]


@pytest.mark.parametrize(
    ("given", "asked"),
    [
        (["colour=red", "colour=a=b"], {"colour": ["red", "a=b"]}),
        (["dimmable=true"], {"dimmable": ["true", True]}),
        (
            ["watts=5..9", "size=..2.5", "height=-1.."],
            {"watts": {"min": 5, "max": 9}, "size": {"max": 2.5}, "height": {"min": -1}},
        ),
        (["code=a..b", "code=..", "code=nan..1"], {"code": ["a..b", "..", "nan..1"]}),
    ],
)
def test_attributes_as_they_are_typed(given: list[str], asked: dict[str, Any]) -> None:
    options = SearchOptions("", 5, 1, [], False, None, None, None, False, False, given)
    assert options.body()["filters"] == {"attributes": asked}
    Filters.model_validate(options.body()["filters"])


@pytest.mark.parametrize("given", [["colour"], ["=red"], ["watts=1..2", "watts=5"], ["watts=5", "watts=1..2"]])
def test_attributes_that_cannot_be_read_are_named(given: list[str]) -> None:
    with pytest.raises(InvalidRequest, match=given[-1]):
        attribute_filters(given)


def test_further_filters_are_added_to_the_others() -> None:
    options = SearchOptions("", 5, 1, ["A"], False, None, None, None, False, False, [], '{"not": {"brand": ["B"]}}')
    assert options.body()["filters"] == {"brand": ["A"], "all": [{"not": {"brand": ["B"]}}]}
    for text in ("{", "[]", "7"):
        with pytest.raises(InvalidRequest, match="cannot be read"):
            json_filters(text)


def test_hits_and_what_was_left_out_are_shown() -> None:
    answer = {
        "hits": [HIT],
        "found": 31,
        "took_ms": 2.5,
        "degraded": ["encode"],
        "request_id": "r1",
        "made_from": [STATE],
        "encoder": "e",
        "explain": {"stages_ms": {"shard-0": 1.25}, "query_vector": "cache"},
    }
    text = "\n".join(hit_lines(answer, 10))
    assert " 11   0.500  s" in text
    assert "9.50 EUR" in text
    assert "31 found in 2.5 ms, without encode" in text
    assert "documents to 7" in text
    words = [{"typed": "cieling", "instead": "ceiling"}]
    answer |= {"corrected": {"text": "ceiling", "original": "cieling", "words": words}}
    text = "\n".join(hit_lines(answer | {"did_you_mean": {"text": "sealing", "words": []}}, 0))
    assert "searched as 'ceiling'" in text and "did you mean 'sealing'?" in text


def test_hits_are_sorted_by_what_there_is() -> None:
    assert [sort_of(name) for name in SORTS] == list(SORTS)
    with pytest.raises(SettingsError, match="cannot be sorted by 'price'"):
        sort_of("price")


def test_what_a_session_moved_is_shown() -> None:
    session = {"items": [{"sku": "rug", "weight": 1.0}], "strength": 0.15, "vector": "kept"}
    moves = {"s": {"affinity": 0.5, "rank_before": 3, "rank": 1}, "t": {"affinity": None, "rank_before": 2, "rank": 2}}
    explain = {"stages_ms": {}, "query_vector": "cache", "session": session, "moves": moves}
    answer = {
        "hits": [],
        "found": 0,
        "took_ms": 1.0,
        "degraded": [],
        "request_id": "r",
        "made_from": [],
        "encoder": "e",
    }
    text = "\n".join(hit_lines(answer | {"explain": explain}, 0))
    assert "session: rug 100%; strength 0.15" in text and "s: 3 -> 1 (affinity 0.500)" in text and "t:" not in text
    text = "\n".join(hit_lines(answer | {"explain": explain | {"session": None}}, 0))
    assert "with the admin key only" in text and "s: 3 -> 1" in text


def test_a_session_is_shown_with_its_weights() -> None:
    items = [{"sku": "lamp", "type": "add_to_cart", "age_s": 4.2, "weight": 0.78}]
    answer = {"session": "s", "items": items, "counted_to": 1_234, "vector": False, "encoder": ""}
    lines = session_lines(answer)
    assert lines[1].split() == ["78.0%", "add_to_cart", "4", "s", "lamp"]
    assert "offset 1,234" in lines[-1] and "the next search makes it" in lines[-1]
    assert "kept (e)" in session_lines(answer | {"vector": True, "encoder": "e"})[-1]


def test_a_product_is_shown_with_its_orders() -> None:
    text = "\n".join(product_lines({"hit": HIT, "waiting": "offer", "state": STATE}))
    assert "content order  1-5" in text
    assert "waits for      offer" in text
    assert "watts" in text


def test_bench_figures_are_rows() -> None:
    phase = {"count": 2, "p50": 1.0, "p95": 2.0, "p99": 2.0, "max": 2.0}
    fresh = phase | {"timeouts": 0, "texts_encoded": None, "ack_ms": phase}
    figures = {"rate_per_s": 20.0, "poll_ms": 10.0, "upserts": fresh, "prices": fresh}
    assert sum("upserts" in line for line in freshness_lines(figures)) == 1
    static = phase | {"errors": 0, "degraded": 0, "empty": 0, "stages": {"encode": phase}}
    rows = list(search_lines({"distinct_queries": 3, "rates": [{"qps": 50.0, "static": static}]}))
    assert [row.split()[0] for row in rows[2:]] == ["static,", "wait", "encode"]


def test_further_fields_of_a_search_are_an_object() -> None:
    assert fields_of("") == {} and fields_of('{"typing": true}') == {"typing": True}
    for wrong in ("x", "[]", "1", '{"a"'):
        with pytest.raises(SettingsError, match="no JSON object"):
            fields_of(wrong)


def test_rates_are_a_list() -> None:
    assert rates_of("50") == [50.0] and rates_of("20, 50.5") == [20.0, 50.5]
    for wrong in ("", "a", "20;50", "0", "-1", "nan", "inf", "1,"):
        with pytest.raises(SettingsError, match="no list"):
            rates_of(wrong)


def test_a_count_of_texts_that_is_not_known_says_why() -> None:
    phase = {"count": 2, "p50": 1.0, "p95": 2.0, "p99": 2.0, "max": 2.0}
    fresh = phase | {"timeouts": 0, "texts_encoded": None, "ack_ms": phase}
    figures = {"rate_per_s": 20.0, "poll_ms": 10.0, "upserts": fresh, "prices": fresh}
    assert "texts encoded -: since" in "\n".join(freshness_lines(figures | {"texts_encoded_unknown": "since"}))
    unknown = GOOD | {"texts_encoded": None, "texts_encoded_unknown": "since"}
    assert "texts encoded  - (since)" in "\n".join(report_lines(unknown))


@pytest.mark.parametrize(("seconds", "words"), [(0.4, "0 s"), (59.4, "59 s"), (60, "1 min 00 s"), (185, "3 min 05 s")])
def test_durations_are_for_people(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_progress_names_rate_time_left_and_rejected() -> None:
    step = Step("sent", 1200, 0.25, 300.0, 90.0, 2, "500 queued")
    assert step.words() == "sent 1,200 (25%), 300/s, 1 min 30 s left, 2 rejected, 500 queued"
