"""How documents' commands are found, run and compared."""

from pathlib import Path

import pytest

from tests.console import Command, Shell, agrees, check, commands

DOCUMENT = """
```console
$ echo 'two
lines'
two
lines
$ cat > x <<'END'
$ not a command
END
$ cat x
```

```sh
make not-run
```
"""


def test_commands_and_what_they_print() -> None:
    assert commands(DOCUMENT) == [
        Command("echo 'two\nlines'", ["two", "lines"]),
        Command("cat > x <<'END'\n$ not a command\nEND"),
        Command("cat x"),
    ]


@pytest.mark.parametrize(
    ("expected", "printed", "good"),
    [
        (["a 1"], "a 27.5", True),
        (["id 1-0-2"], "id 13-1-405", True),
        (["costs  7.90 EUR"], "costs 7.90 EUR", True),
        (["costs 7.90 EUR"], "costs 8.90 EUR", False),
        (["took 7.9 ms,"], "took 12 ms,", True),
        (["a"], "b", False),
        (["a"], "a\nb", False),
        (["a", "..."], "a\nb\nc", True),
        (["...", "c"], "a\nb\nc", True),
        (["...", "c"], "a\nb", False),
        (["{...}"], '{"x": 1}', True),
        (["a  b"], "a     b", True),
        ([], "", True),
        ([], "error", False),
        (["(x)*"], "(x)*", True),
    ],
)
def test_comparing(expected: list[str], printed: str, good: bool) -> None:
    assert agrees(expected, printed) == good


def test_one_shell_runs_all(tmp_path: Path) -> None:
    shell = Shell(tmp_path, {"PATH": "/usr/bin:/bin"})
    try:
        for command in commands("```console\n$ A=7\n$ echo $A; pwd >&2\n8\n.../" + tmp_path.name + "\n$ false\n```\n"):
            check(shell, command)
        with pytest.raises(AssertionError, match="the document shows"):
            check(shell, Command("echo x", ["y"]))
    finally:
        shell.close()
