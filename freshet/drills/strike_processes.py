"""Faults of processes: killed, stopped, ended, restarted, built anew."""

import signal
import time

from freshet.drills.stage import Stage


def kill(stage: Stage, process: str, lasts_s: float) -> None:
    stage.up.send_signal(process, signal.SIGKILL)


def pause(stage: Stage, process: str, lasts_s: float) -> None:
    stage.up.send_signal(process, signal.SIGSTOP)
    try:
        time.sleep(lasts_s)
    finally:
        stage.up.send_signal(process, signal.SIGCONT)


def end(stage: Stage, process: str, lasts_s: float) -> None:
    """A clean stop; the supervisor starts it again."""
    stage.up.send_signal(process, signal.SIGTERM)


def restart_all(stage: Stage, process: str, lasts_s: float) -> None:
    stage.up.freshet("restart", "--rolling")


def rebuild(stage: Stage, process: str, lasts_s: float) -> None:
    """`process`: shard-1 is replica 1 of partition 0."""
    stage.up.freshet("shard", "rebuild", "--partition", "0", "--replica", process.removeprefix("shard-"))
