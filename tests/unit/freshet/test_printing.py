"""What merchants wrote cannot steer a terminal, nor a spreadsheet."""

import csv
import io
from typing import Any

import orjson
import pytest
import structlog

from freshet.log_lines import parse
from freshet.log_text import as_text
from freshet.printing import logs_to_stderr, print_json, print_json_line, print_lines, say, visible
from freshet.run_dlq import group_line, letter_line
from freshet.run_stuck import lines, print_csv
from freshet.show_letter import marked_lines

NASTY = "a\x1b[2J\r\nb\x9b1m\x7f"
SEEN = "a\\x1b[2J\\x0d\\x0ab\\x9b1m\\x7f"


def controls(text: str) -> set[str]:
    return {char for char in text if not char.isprintable()} - {"\n"}


def test_control_characters_are_seen_and_do_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert visible(NASTY) == SEEN and visible("Lampe für\t5 €") == "Lampe für\t5 €"
    print_lines([NASTY, "b"])
    say(f"{NASTY}\nc")
    printed = capsys.readouterr()
    assert printed.out == f"{SEEN}\nb\n"
    assert printed.err == "a\\x1b[2J\\x0d\nb\\x9b1m\\x7f\nc\n"


def test_json_holds_them_escaped(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"sku": NASTY})
    print_json_line({"sku": NASTY})
    out = capsys.readouterr().out
    assert controls(out) == set()
    whole, line = out.rsplit("\n", 2)[:2]
    assert orjson.loads(whole) == orjson.loads(line) == {"sku": NASTY}


def test_a_log_line_on_a_terminal() -> None:
    told = {"event": f"x{NASTY}", "level": "error", "sku": NASTY, "exception": f"Error: {NASTY}"}
    shown = as_text(parse("catalog", orjson.dumps(told).decode()), name=True, colours=False)
    assert controls(shown) == set() and "\\x1b[2J" in shown
    assert controls(as_text(parse("kafka", f"plain {NASTY}"), name=True, colours=False)) == set()


def test_a_mark_stands_below_what_it_marks_beside_control_characters() -> None:
    original = '{"sku": "\x1b\x1b", "stock": \x1b-4}'
    start = original.index("\x1b-4")
    mark = {"start": start, "end": start + 3, "field": "stock", "problem": "is wrong"}
    line, below = (visible(one) for one in marked_lines(original, [mark]))
    assert below.index("^") == line.index("\\x1b-4") and below.count("^") == len("\\x1b-4")


def product(sku: str) -> dict[str, Any]:
    why = {"reason": "dead-lettered", "code": "invalid_field", "event": "1-0-7", "fields": ["=a", "b"]}
    return {"sku": sku, "since_ms": 1.0, "partition": 0, **why}


def test_stuck_products_with_control_characters(capsys: pytest.CaptureFixture[str]) -> None:
    print_lines(lines({"total": 1, "reasons": [], "products": [product(NASTY)]}, 2.0))
    print_csv([product(NASTY)])
    assert controls(capsys.readouterr().out) == set()


def test_no_cell_of_a_table_is_a_formula(capsys: pytest.CaptureFixture[str]) -> None:
    skus = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "plain-1"]
    print_csv(map(product, skus))
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["sku"] for row in rows] == [*(f"'{sku}" for sku in skus[:-1]), "plain-1"]
    assert {row["fields"] for row in rows} == {"'=a b"}


def test_dead_letters_with_control_characters(capsys: pytest.CaptureFixture[str]) -> None:
    letter = {"id": "catalog-0-7", "at_ms": 1, "reason": "invalid_field", "sku": NASTY, "message": NASTY}
    print_lines([letter_line(letter), group_line({"count": 1, "reason": "x", "merchant": NASTY, "newest_ms": 1})])
    assert controls(capsys.readouterr().out) == set()


def test_what_parts_of_a_command_log_is_not_in_its_result(capsys: pytest.CaptureFixture[str]) -> None:
    logs_to_stderr()
    try:
        structlog.get_logger().info("encoder_engine")
    finally:
        structlog.reset_defaults()
    printed = capsys.readouterr()
    assert printed.out == "" and "encoder_engine" in printed.err
