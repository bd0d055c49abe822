"""Lines of libraries come seldom, and everything is JSON on stderr."""

import contextlib
import json
import logging
import os
import pty
import subprocess
import sys

from streams.logs import SAME_LINE_EVERY_S, Seldom
from tests.waiting import LIMIT_S


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
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=LIMIT_S, check=True)
    assert done.stdout == ""
    events = [json.loads(line)["event"] for line in done.stderr.splitlines()]
    assert sorted(events) == ["away", "listening", "ours", "ours", "ours"]


def run(code: str) -> list[dict[str, object]]:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=LIMIT_S, check=False)
    assert done.stdout == ""
    return [json.loads(line) for line in done.stderr.splitlines()]


def test_warnings_of_python_and_what_nobody_caught_are_json_too() -> None:
    code = """
import warnings
from streams.logs import configure_logs
configure_logs("info")
warnings.warn("old")
raise ValueError("no such thing")
"""
    warned, uncaught = run(code)
    assert (warned["level"], "old" in str(warned["event"])) == ("warning", True)
    assert (uncaught["level"], uncaught["error"]) == ("critical", "ValueError('no such thing')")
    assert "Traceback" in str(uncaught["exception"])


def test_no_key_is_in_a_line_of_ours_or_of_a_library() -> None:
    code = """
import logging, structlog
from streams.logs import configure_logs
configure_logs("info")
key = "fk_a0b1c2d3_" + "0123456789abcdef" * 4
structlog.get_logger().info("ours", said=key, **{"x-freshet-key": "anything"})
logging.getLogger("aiohttp").warning("cannot read: GET /a?x-algolia-api-key=%s HTTP/1.1", "anything")
try: raise ValueError(f"Authorization: Bearer anything, {key}")
except ValueError: structlog.get_logger().error("failed", exc_info=True)
raise ValueError(key)
"""
    lines = run(code)
    assert [line["event"] for line in lines][0::2] == ["ours", "failed"] and len(lines) == 4
    assert "anything" not in str(lines) and "0123456789abcdef" not in str(lines) and "a0b1c2d3" in str(lines)


def test_the_last_words_of_a_process_that_cannot_run_are_json_too() -> None:
    code = """
from schemas.errors import SettingsError
from streams.logs import log_refusal
log_refusal(SettingsError("port x", hint="set it"))
"""
    (said,) = run(code)
    assert (said["event"], said["hint"], said["level"]) == ("port x", "set it", "error")


def test_readable_on_a_terminal() -> None:
    code = """
import structlog
from schemas.errors import SettingsError
from streams.logs import configure_logs, log_refusal
configure_logs("info")
structlog.get_logger().info("listening", port=1)
try: 1 / 0
except ZeroDivisionError: structlog.get_logger().error("failed", exc_info=True)
log_refusal(SettingsError("port x", hint="set it"))
"""
    reader, writer = pty.openpty()
    process = subprocess.Popen([sys.executable, "-W", "error", "-c", code], stderr=writer)
    os.close(writer)
    said = b""
    with contextlib.suppress(OSError):  # EIO: the other side is closed
        while part := os.read(reader, 65_536):
            said += part
    os.close(reader)
    assert process.wait() == 0
    text = said.decode()
    assert "{" not in text
    assert "listening" in text and "ZeroDivisionError" in text and "error: port x; set it" in text
