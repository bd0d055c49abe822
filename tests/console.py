"""Runs the `console` blocks of a document in one shell and compares what they print with what the document shows.

A line `...` stands for any lines, `...` inside a line for any text. Numbers and ids are compared as "some number", but
prices as they are.
"""

import re
import shlex
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

from tests.waiting import LIMIT_S

BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
HEREDOC = re.compile(r"<<'(\w+)'")
READS = re.compile(
    r"^(freshet (search|sku|dlq (ls|show)|status)\b|curl -s \$URL/v1/(events|freshness|search|skus)|python read)"
)
"""Commands that change nothing are run again, for LIMIT_S at most, until they show what is promised: a reader is slower
than a test."""


@dataclass
class Command:
    text: str
    expected: list[str] = field(default_factory=list)


def commands(document: str) -> list[Command]:
    """In order; a command goes on until its quotes are closed and its here-document has ended."""
    found: list[Command] = []
    for block in BLOCK.findall(document):
        lines = block.splitlines()
        while lines:
            line = lines.pop(0)
            if not line.startswith("$ "):
                found[-1].expected.append(line)
                continue
            text = line[2:]
            while not _is_whole(text):
                text += "\n" + lines.pop(0)
            found.append(Command(text))
    return found


def _is_whole(text: str) -> bool:
    if here := HEREDOC.search(text):
        return text.splitlines()[-1] == here[1]
    try:
        shlex.split(text)
    except ValueError:
        return False
    return not text.endswith("\\")


def agrees(expected: Sequence[str], printed: str) -> bool:
    """Whether the output is as the document shows it."""
    pattern = ""
    for line in expected:
        pattern += r"(?:.*\n)*?" if line == "..." else _line_pattern(line) + r"\n"
    text = "".join(f"{_plain(line)}\n" for line in printed.splitlines())
    return re.fullmatch(pattern, text) is not None


def _line_pattern(line: str) -> str:
    return ".*?".join(re.escape(_plain(part)) for part in line.split("..."))


def _plain(text: str) -> str:
    text = re.sub(r"\b[0-9a-f]{32}\b|\b\d[\d.,-]*(?![\d.,-]| EUR)", "#", text)
    return re.sub(r" +", " ", text)


class Shell:
    """One bash for all commands, so that variables and folders stay."""

    def __init__(self, folder: Path, environ: Mapping[str, str]) -> None:
        self._bash = subprocess.Popen(
            ["bash", "--norc"], cwd=folder, env=environ, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip

    def run(self, command: str) -> str:
        """What it prints on both streams."""
        assert self._bash.stdin is not None and self._bash.stdout is not None
        mark = uuid4().hex
        self._bash.stdin.write(f"{{\n{command}\n}} </dev/null\necho; echo {mark}\n")
        self._bash.stdin.flush()
        lines = []
        for line in self._bash.stdout:
            if line.strip() == mark:
                break
            lines.append(line)
        return "".join(lines).rstrip("\n")

    def close(self) -> None:
        self._bash.kill()
        self._bash.wait()
        for pipe in (self._bash.stdin, self._bash.stdout):
            if pipe:
                pipe.close()


def check(shell: Shell, command: Command) -> None:
    """Fails with what was printed beside what the document shows."""
    until_s = time.monotonic() + (LIMIT_S if READS.match(command.text) else 0)
    while True:
        printed = shell.run(command.text)
        if agrees(command.expected, printed):
            return
        shown = "\n".join(command.expected)
        assert time.monotonic() < until_s, f"$ {command.text}\nprints\n{printed}\nand the document shows\n{shown}"
        time.sleep(0.3)
