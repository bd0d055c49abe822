"""The commands that help, written once: the doctor names them, and so does the error of a start that fails."""

import shlex
from pathlib import Path

INSTALL_AGAIN = "install it again: rm -rf .venv && make install"
FREE_SPACE = "free space on that disk, or move to another: freshet up --data DIR"


def data_option(data: Path | None) -> str:
    """` --data DIR` as it must be typed behind a command, where it was given; else nothing."""
    return f" --data {shlex.quote(str(data))}" if data is not None else ""


def doctor(data: str = "") -> str:
    """`data`: the option --data as it must be typed, or nothing."""
    return f"run: freshet doctor{data}"


def stop_then(command: str, data: str = "") -> str:
    return f"freshet down{data} && freshet {command}{data} && freshet up{data}"


def shard_name(partition: int, replica: int) -> str:
    """As a person reads it: the first replica is not named as one."""
    return f"shard {partition}, replica {replica}" if replica else f"shard {partition}"


def rebuild_shard(partition: int, data: str = "", replica: int = 0, *, running: bool = False) -> str:
    """Its snapshots go, and it is built again from the store or the log; `running`: beside the other replicas."""
    which = f" --replica {replica}" if replica else ""
    command = f"shard rebuild --partition {partition}{which}"
    return f"freshet {command}{data}" if running else stop_then(command, data)


def another_port(name: str) -> str:
    kind = name.split("-")[0]
    option = "--port N or FRESHET_PORT=N" if kind == "serving" else f"FRESHET_{kind.upper()}_PORT=N"
    return f"end that program, or choose another port with {option}"
