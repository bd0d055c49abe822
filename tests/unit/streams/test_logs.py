"""Lines of libraries come seldom, and everything is JSON on stderr."""

import json
import logging
import subprocess
import sys

from streams.logs import SAME_LINE_EVERY_S, Seldom


def record(message: str, name: str = "aiohttp") -> logging.LogRecord:
    return logging.LogRecord(name, logging.WARNING, __file__, 1, message, ("a",), None)


def test_the_same_line_comes_again_when_its_time_is_over() -> None:
    now_s = [0.0]
    seldom = Seldom(lambda: now_s[0])
    assert seldom.filter(record("no broker %s"))
    now_s[0] = SAME_LINE_EVERY_S - 0.001
    assert not seldom.filter(record("no broker %s"))
    now_s[0] = SAME_LINE_EVERY_S
    assert seldom.filter(record("no broker %s"))


def test_other_lines_and_other_libraries_are_not_held_back() -> None:
    seldom = Seldom(lambda: 0.0)
    assert seldom.filter(record("no broker"))
    assert seldom.filter(record("no topic"))
    assert seldom.filter(record("no broker", "asyncio"))


def test_ours_and_the_libraries_lines_are_json_on_stderr() -> None:
    code = """
import logging, structlog
from streams.logs import configure_logs
configure_logs("info")
structlog.get_logger().info("listening", port=1)
for _ in range(3):
    logging.getLogger("aiohttp").warning("away")
    structlog.get_logger().warning("ours")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == ""
    events = [json.loads(line)["event"] for line in done.stderr.splitlines()]
    assert sorted(events) == ["away", "listening", "ours", "ours", "ours"]
