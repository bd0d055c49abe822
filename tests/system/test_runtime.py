"""The supervised stack: starts, restarts, stops, cleans up; nothing is left behind and no innocent process is hit."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from freshet.runtime import processes
from freshet.runtime.backoff import RestartPolicy
from freshet.runtime.kafka import EmbeddedKafka
from freshet.runtime.listener import Listener
from freshet.runtime.ports import free_port
from freshet.runtime.redis_server import EmbeddedRedis
from freshet.runtime.stack_state import ChildState, StackState
from freshet.runtime.supervised import Child
from freshet.runtime.supervisor import StartFailed, Supervisor
from freshet.runtime.up import end_leftovers
from tests.waiting import LIMIT_S

SLEEPS = "import time; time.sleep(600)"
HANGS = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(600)"
DIES = "print('no disk left', flush=True); raise SystemExit(7)"
QUICK = RestartPolicy(first_wait_s=0.01, wait_s_max=0.02, deaths_told=2, deaths_at_start_max=4)


class Run:
    """A supervisor of small children, driven step by step; what it said and the states it wrote."""

    def __init__(self, *children: Child, stop_grace_s: float = 15.0) -> None:
        self.said: list[str] = []
        self.states: dict[str, ChildState] = {}
        self.was_ready = False
        self.supervisor = Supervisor(
            children,
            say=self.said.append,
            changed=lambda states: self.states.update({state.name: state for state in states}),
            all_ready=lambda: setattr(self, "was_ready", True),
            policy=QUICK,
            stop_grace_s=stop_grace_s,
        )

    def until(self, condition: Callable[[], bool]) -> None:
        def stepped() -> bool:
            self.supervisor.step()
            return condition()

        wait_until(stepped)

    def stop(self) -> None:
        self.supervisor.stop()
        self.supervisor.run()

    def pid(self, name: str) -> int:
        pid = self.states[name].pid
        assert pid is not None
        return pid


def wait_until(condition: Callable[[], bool], within_s: float = LIMIT_S) -> None:
    until = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < until, "the condition did not come true in time"
        time.sleep(0.01)


def child(folder: Path, name: str, code: str, **more: Any) -> Child:
    return Child(name, (sys.executable, "-c", code), os.environ, folder / f"{name}.log", **more)


def test_children_start_in_order_and_stop_in_reverse(tmp_path: Path) -> None:
    journal = tmp_path / "journal"
    notes = (
        "import signal, sys, time\n"
        f"def note(word): open({str(journal)!r}, 'a').write(word + sys.argv[-1] + ' ')\n"
        "def leave(*_): note('-'); sys.exit(0)\n"
        "signal.signal(signal.SIGTERM, leave); note('+'); time.sleep(600)"
    )

    def noted(name: str, **more: Any) -> Child:
        there = f"+{name}"
        return Child(
            name,
            (sys.executable, "-c", notes, name),
            os.environ,
            tmp_path / f"{name}.log",
            lambda: journal.exists() and there in journal.read_text().split(),
            **more,
        )

    run = Run(
        noted("tier", after=("log",), stops_before=("worker",)),
        noted("worker", after=("log", "step")),
        child(tmp_path, "step", "pass", after=("log",), once=True),
        noted("log"),
    )
    run.until(lambda: run.was_ready)
    run.stop()
    events = journal.read_text().split()
    assert events[0] == "+log"
    assert set(events[1:3]) == {"+tier", "+worker"}
    assert events[3:] == ["-tier", "-worker", "-log"]
    assert {state.state for state in run.states.values()} == {"stopped"}


def test_a_killed_child_is_started_again(tmp_path: Path) -> None:
    run = Run(child(tmp_path, "worker", SLEEPS))
    run.until(lambda: run.was_ready)
    killed = run.pid("worker")
    os.kill(killed, signal.SIGKILL)
    run.until(lambda: run.states["worker"].restarts == 1 and run.states["worker"].state == "ready")
    assert run.pid("worker") != killed
    assert any("worker was ended by signal 9" in line for line in run.said)
    run.stop()


def test_a_child_that_was_asked_to_end_is_started_again_at_once_and_no_death_is_counted(tmp_path: Path) -> None:
    leaves = (
        f"import signal, sys; signal.signal(signal.SIGTERM, lambda *_: sys.exit(0)); print('on', flush=True); {SLEEPS}"
    )
    log = tmp_path / "worker.log"
    run = Run(child(tmp_path, "worker", leaves, ready=lambda: log.exists() and "on" in log.read_text()))
    run.until(lambda: run.was_ready)
    asked = run.pid("worker")
    os.kill(asked, signal.SIGTERM)
    run.until(lambda: run.states["worker"].state == "ready" and run.states["worker"].pid not in (asked, None))
    assert run.states["worker"].restarts == 0
    assert any("worker was asked to end" in line for line in run.said)
    os.kill(run.pid("worker"), signal.SIGKILL)
    run.until(lambda: run.states["worker"].restarts == 1 and run.states["worker"].state == "ready")
    run.stop()


SERVES = """
import os, pathlib, signal, socket, sys
takes_over = int(os.environ["FRESHET_READY_FD"]) >= 0
if takes_over and pathlib.Path(sys.argv[1]).exists():
    raise SystemExit(9)
ended = []
signal.signal(signal.SIGTERM, lambda *_: ended.append(True))
listening = socket.socket(fileno=int(os.environ["FRESHET_LISTEN_FD"]))
listening.settimeout(0.02)
if takes_over:
    os.write(int(os.environ["FRESHET_READY_FD"]), b"\\n")
while not ended:
    try:
        connection, _ = listening.accept()
    except TimeoutError:
        continue
    connection.sendall(str(os.getpid()).encode())
    connection.close()
"""


def who_answers(port: int) -> int:
    """The pid that the other side says; raises OSError when the connection is refused or reset."""
    with socket.create_connection(("127.0.0.1", port), timeout=LIMIT_S) as connection:
        return int(connection.recv(20))


def served(folder: Path, port: int) -> Child:
    command = (sys.executable, "-c", SERVES, str(folder / "broken"))
    return Child("tier", command, os.environ, folder / "tier.log", listener=Listener("127.0.0.1", port))


def test_a_new_process_takes_over_without_a_refused_connection(tmp_path: Path) -> None:
    port = free_port()
    run = Run(served(tmp_path, port))
    run.until(lambda: run.was_ready)
    first, answers = run.pid("tier"), list[int]()
    assert run.states["tier"].hands_over and who_answers(port) == first
    run.supervisor.take_over()

    def taken_over() -> bool:
        answers.append(who_answers(port))
        return processes.identity(first) is None

    run.until(taken_over)
    second = run.pid("tier")
    assert set(answers) <= {first, second} and who_answers(port) == second
    assert (run.states["tier"].restarts, run.states["tier"].state) == (0, "ready")
    assert any("a new process has taken over" in line for line in run.said)
    (tmp_path / "broken").touch()
    run.supervisor.take_over()
    run.until(lambda: run.states["tier"].takeovers_failed == 1)
    assert who_answers(port) == second == run.pid("tier")
    os.kill(second, signal.SIGKILL)
    with socket.create_connection(("127.0.0.1", port), timeout=LIMIT_S) as waits:  # while nobody is there
        run.until(lambda: run.states["tier"].restarts == 1)
        assert int(waits.recv(20)) == run.pid("tier")
    run.stop()
    with pytest.raises(ConnectionRefusedError):
        who_answers(port)


def test_a_port_that_is_taken_ends_the_start(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(StartFailed, match=f"cannot listen on 127.0.0.1:{port}"):
            Run(served(tmp_path, port)).supervisor.run()


def test_a_child_that_keeps_dying_ends_the_start_with_its_last_words(tmp_path: Path) -> None:
    run = Run(child(tmp_path, "other", SLEEPS), child(tmp_path, "worker", DIES, ready=lambda: False))
    with pytest.raises(StartFailed, match=r"worker keeps dying: 4 times in a row.*exit code 7") as raised:
        run.supervisor.run()
    assert "no disk left" in raised.value.message
    assert str(tmp_path / "worker.log") in raised.value.message
    assert processes.identity(run.pid("other") if run.states["other"].pid else -1) is None, "the others were stopped"


def test_later_it_is_told_and_the_others_go_on(tmp_path: Path) -> None:
    switch = tmp_path / "fails"
    code = f"import os, time\nif os.path.exists({str(switch)!r}): raise SystemExit('disk full')\ntime.sleep(600)"
    run = Run(child(tmp_path, "other", SLEEPS), child(tmp_path, "worker", code))
    run.until(lambda: run.was_ready)
    switch.touch()
    os.kill(run.pid("worker"), signal.SIGKILL)
    run.until(lambda: run.states["worker"].restarts > QUICK.deaths_at_start_max)
    told = [line for line in run.said if "worker keeps dying" in line]
    assert len(told) == 1
    assert "disk full" in told[0]
    assert run.states["other"].state == "ready"
    switch.unlink()
    run.until(lambda: run.states["worker"].state == "ready")
    run.stop()


def test_a_hung_child_is_killed_at_the_limit(tmp_path: Path) -> None:
    run = Run(
        child(tmp_path, "deaf", HANGS, ready=lambda: "deaf" in (tmp_path / "deaf.log").read_text()), stop_grace_s=0.2
    )
    run.until(lambda: run.was_ready)
    pid = run.pid("deaf")
    run.stop()
    assert processes.identity(pid) is None
    assert "deaf did not stop in time: killed" in run.said


def test_children_die_with_a_killed_parent(tmp_path: Path) -> None:
    code = (
        "import os, pathlib, sys, time\n"
        "from freshet.runtime import processes\n"
        f"log = pathlib.Path({str(tmp_path / 'child.log')!r})\n"
        f"print(processes.start([sys.executable, '-c', {SLEEPS!r}], os.environ, log).pid, flush=True)\n"
        "time.sleep(600)"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    name = processes.identity(pid)
    assert name is not None
    parent.kill()
    parent.wait()
    parent.stdout.close()
    if sys.platform == "linux":
        wait_until(lambda: processes.identity(pid) != name)
    else:
        processes.end(pid, name, 5.0)


def test_leftovers_are_ended_and_innocent_processes_are_not(tmp_path: Path) -> None:
    left, innocent = (
        processes.start((sys.executable, "-c", SLEEPS), os.environ, tmp_path / f"{name}.log") for name in ("a", "b")
    )
    state = StackState(
        state="ready",
        children=[
            ChildState(name="left", state="ready", pid=left.pid, started=processes.identity(left.pid)),
            ChildState(name="innocent", state="ready", pid=innocent.pid, started="an earlier boot/1"),
            ChildState(name="gone", state="ready", pid=None, started=None),
        ],
    )
    said: list[str] = []
    assert end_leftovers(state, said.append, grace_s=5.0) == 1
    assert left.wait() == -signal.SIGTERM
    assert innocent.poll() is None
    assert said == [f"left (pid {left.pid}) is left from an earlier run: ending it"]
    innocent.kill()
    innocent.wait()


def test_the_embedded_servers_keep_their_port_and_kafka_its_data(tmp_path: Path) -> None:
    kafka = EmbeddedKafka(tmp_path / "kafka")
    bootstrap = kafka.start()
    first = kafka.pid
    kafka.kill()
    assert processes.identity(first) is None
    assert kafka.start() == bootstrap
    assert kafka.pid != first
    kafka.stop()
    assert (tmp_path / "kafka" / "log" / ".kafka_cleanshutdown").exists()
    redis = EmbeddedRedis(tmp_path / "redis")
    url = redis.start()
    redis.kill()
    assert redis.start() == url
    redis.stop()
