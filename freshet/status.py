"""`freshet status`: what runs, and whether it answers."""

import time
from pathlib import Path

from pydantic import BaseModel

from freshet import kafka, processes, redis_server
from freshet.running import supervisor_alive
from freshet.stack import http_answers
from freshet.stack_state import ChildState, StackState, read_state


class ChildStatus(ChildState):
    """`alive`: the process is there. `answers`: it is ready for work right now; null: it has no port to ask."""

    alive: bool
    answers: bool | None
    up_s: float | None


class Status(BaseModel):
    running: bool
    state: str
    url: str
    kafka: str
    redis_url: str
    data: str
    pid: int | None
    children: list[ChildStatus]


def status(data: Path) -> Status:
    """Asks every process of the stack in `data`. Never raises because one is down."""
    state = read_state(data) or StackState(state="stopped")
    running = supervisor_alive(state)
    return Status(
        running=running,
        state=state.state if running or state.state == "stopped" else "killed",
        url=state.url,
        kafka=state.kafka,
        redis_url=state.redis_url,
        data=str(data),
        pid=state.pid if running else None,
        children=[_child(child) for child in state.children],
    )


def as_text(found: Status) -> str:
    head = [f"{found.state:10} {found.url}", f"data       {found.data}"]
    if not found.children:
        return "\n".join(head[:1] if found.running else [f"no stack runs on {found.data}"])
    rows = [("process", "state", "answers", "pid", "port", "restarts", "up")]
    for child in found.children:
        asked = {True: "yes", False: "no", None: "-"}[child.answers]
        shown = child.state if child.alive or child.state == "done" else "not running"
        up = "-" if child.up_s is None else f"{child.up_s:.0f} s"
        rows.append((child.name, shown, asked, str(child.pid or "-"), str(child.port or "-"), str(child.restarts), up))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        head + ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    )


def _child(child: ChildState) -> ChildStatus:
    alive = child.pid is not None and child.started is not None and processes.identity(child.pid) == child.started
    up_s = time.time() - child.started_ms / 1000 if alive and child.started_ms else None
    return ChildStatus(**child.model_dump(), alive=alive, answers=_answers(child) if alive else None, up_s=up_s)


def _answers(child: ChildState) -> bool | None:
    if not child.port:
        return None
    if child.name == "kafka":
        return kafka.answers(f"127.0.0.1:{child.port}")
    if child.name == "redis":
        return redis_server.answers(child.port)
    return http_answers(child.port, "/readyz")
