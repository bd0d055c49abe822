"""Keeps children running: starts them in order, again when they die, and stops them in reverse order."""

import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from freshet.log_lines import parse
from freshet.log_text import as_text
from freshet.runtime import backoff, processes
from freshet.runtime.backoff import Record, RestartPolicy
from freshet.runtime.listener import Listener
from freshet.runtime.log_files import rotate, tail
from freshet.runtime.stack_state import ChildPhase, ChildState
from freshet.runtime.supervised import Child
from freshet.runtime.takeover import TAKEOVER_S_MAX, Takeover
from schemas.errors import FreshetError

TICK_S = 0.1
STOP_GRACE_S = 15.0
LOG_LINES_TOLD = 10


class StartFailed(FreshetError):
    """A child keeps dying and the stack was never ready."""


@dataclass
class _Running:
    """A child and what became of it so far."""

    child: Child
    phase: ChildPhase = "waiting"
    process: subprocess.Popen[bytes] | None = None
    identity: str | None = None
    launched_s: float = 0.0
    started_ms: int | None = None
    restarts: int = -1
    ended_well: bool = False
    """It was asked to end, and is started again: no fault of its own."""
    record: Record = field(default_factory=Record)
    takeover: Takeover | None = None
    takeovers_failed: int = 0

    def state(self) -> ChildState:
        alive = self.process is not None
        return ChildState(
            name=self.child.name,
            state=self.phase,
            pid=self.process.pid if self.process else None,
            started=self.identity if alive else None,
            started_ms=self.started_ms if alive else None,
            port=self.child.port,
            restarts=max(self.restarts, 0),
            log=str(self.child.log),
            hands_over=self.child.listener is not None,
            takeovers_failed=self.takeovers_failed,
        )


@dataclass
class _Ending:
    """A process whose place another one has taken."""

    name: str
    process: subprocess.Popen[bytes]
    identity: str | None
    kill_at_s: float


class Supervisor:
    """Runs in the main thread: children are tied to the thread that started them.

    `say` gets progress lines, `warn` (default: `say`) what went wrong, `changed` the states after every change. `run`
    returns when `stop` was called and all children are gone; it raises StartFailed when a child keeps dying before
    everything was ready once.
    """

    def __init__(
        self,
        children: Sequence[Child],
        *,
        say: Callable[[str], None],
        warn: Callable[[str], None] | None = None,
        changed: Callable[[list[ChildState]], None],
        all_ready: Callable[[], None] = lambda: None,
        stopping: Callable[[], None] = lambda: None,
        policy: RestartPolicy | None = None,
        stop_grace_s: float = STOP_GRACE_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._runs = {child.name: _Running(child) for child in children}
        self._say = say
        self._warn = warn or say
        self._changed = changed
        self._all_ready = all_ready
        self._stopping = stopping
        self._policy = policy or RestartPolicy()
        self._stop_grace_s = stop_grace_s
        self._clock = clock
        self._was_ready = False
        self._stops_asked = 0
        self._takeover_asked = False
        self._endings: list[_Ending] = []

    def stop(self) -> None:
        """Asks for a clean stop; asked again, it kills what still runs. Safe in a signal handler."""
        self._stops_asked += 1

    def take_over(self) -> None:
        """Asks for a new process of each child that can hand over. Safe in a signal handler."""
        self._takeover_asked = True

    def run(self) -> None:
        try:
            while not self._stops_asked:
                self.step()
                time.sleep(TICK_S)
        finally:
            self._stopping()
            self._stop_all()

    def step(self) -> None:
        """One look at every child."""
        asked, self._takeover_asked = self._takeover_asked, False
        for run in self._runs.values():
            self._reap(run)
            self._look_at_takeover(run, asked)
            if run.phase in ("waiting", "backing off"):
                self._start_when_due(run)
            elif run.phase == "starting" and not run.child.once and run.child.ready():
                self._now_ready(run)
            if self._stops_asked:
                return
        self._end_old_ones()
        if not self._was_ready and all(run.phase in ("ready", "done") for run in self._runs.values()):
            self._was_ready = True
            self._all_ready()

    def _reap(self, run: _Running) -> None:
        if run.process is None:
            return
        code = run.process.poll()
        if code is None:
            return
        run.process = None
        if run.child.once and code == 0:
            self._now_ready(run)
            return
        if run.takeover is not None:  # sooner than it should: the new one is all there is
            self._succeed(run, run.takeover, "starting")
            return
        if code == 0 and run.phase == "ready":
            run.ended_well, run.phase, run.record = True, "backing off", Record()
            self._changed(self.states())
            self._say(f"{run.child.name} was asked to end; it is started again")
            return
        run.record = backoff.died(run.record, self._clock(), self._policy)
        run.phase = "backing off"
        self._changed(self.states())
        self._tell_death(run, code)

    def _look_at_takeover(self, run: _Running, asked: bool) -> None:
        new, name = run.takeover, run.child.name
        if new is None:
            if asked and run.child.listener is not None and run.phase == "ready":
                self._begin_takeover(run)
        elif (code := new.process.poll()) is not None:
            self._give_up(run, new, f"ended with exit code {code}")
        elif new.ready():
            old = _Ending(name, run.process, run.identity, self._clock() + self._stop_grace_s) if run.process else None
            self._succeed(run, new, "ready")
            self._say(f"{name}: a new process has taken over after {self._clock() - new.launched_s:.1f} s")
            if old is not None:
                self._end(old, signal.SIGTERM)
                self._endings.append(old)
        elif self._clock() - new.launched_s > TAKEOVER_S_MAX:
            self._end(_Ending(name, new.process, new.identity, 0.0), signal.SIGKILL)

    def _begin_takeover(self, run: _Running) -> None:
        try:
            run.takeover = Takeover.begin(run.child, self._clock())
        except OSError as error:
            self._fail_takeover(run, f"cannot be started: {error}")

    def _give_up(self, run: _Running, new: Takeover, why: str) -> None:
        new.close()
        run.takeover = None
        self._fail_takeover(run, why)

    def _fail_takeover(self, run: _Running, why: str) -> None:
        run.takeovers_failed += 1
        self._warn(f"{run.child.name}: the new process {why}; the one before it goes on")
        self._changed(self.states())

    def _succeed(self, run: _Running, new: Takeover, phase: ChildPhase) -> None:
        """The new process is the child from now on."""
        new.close()
        run.takeover, run.process, run.identity = None, new.process, new.identity
        run.launched_s, run.started_ms, run.phase = new.launched_s, new.started_ms, phase
        self._changed(self.states())

    def _end_old_ones(self) -> None:
        for old in self._endings:
            if old.kill_at_s < self._clock():
                self._warn(f"the process of {old.name} before did not stop in time: killed")
                self._end(old, signal.SIGKILL)
                old.kill_at_s = float("inf")
        self._endings = [old for old in self._endings if old.process.poll() is None]

    def _end(self, old: _Ending, number: signal.Signals) -> None:
        if old.identity is not None:
            processes.send(old.process.pid, old.identity, number)

    def _tell_death(self, run: _Running, code: int) -> None:
        name, deaths = run.child.name, run.record.deaths
        how = f"was ended by signal {-code}" if code < 0 else f"ended with exit code {code}"
        told = (as_text(parse(name, line), name=False, colours=False) for line in tail(run.child.log, LOG_LINES_TOLD))
        last_lines = "".join(f"\n    {line}" for line in told)
        if not self._was_ready and deaths >= self._policy.deaths_at_start_max:
            raise StartFailed(
                f"{name} keeps dying: {deaths} times in a row, at last it {how}; "
                f"its log {run.child.log} ends with:{last_lines}"
            )
        wait_s = max(0.0, run.record.start_at_s - self._clock())
        if deaths == self._policy.deaths_told:
            self._warn(
                f"{name} keeps dying: {deaths} times in a row, it {how}; next start in {wait_s:.1f} s; "
                f"its log {run.child.log} ends with:{last_lines}"
            )
        else:
            self._warn(f"{name} {how}, death {deaths} in a row; it is started again in {wait_s:.1f} s")

    def _start_when_due(self, run: _Running) -> None:
        if run.record.start_at_s > self._clock():
            return
        first = run.restarts < 0
        if first and any(self._runs[name].phase not in ("ready", "done") for name in run.child.after):
            return
        fds, environ = self._given(run.child.listener)
        try:
            rotate(run.child.log)
            run.process = processes.start(run.child.command, {**run.child.environ, **environ}, run.child.log, fds)
        except OSError as error:  # a full disk or no memory, say: the others go on, and this one is tried again
            self._warn(f"{run.child.name} cannot be started: {error}")
            run.record = replace(run.record, start_at_s=self._clock() + self._policy.wait_s_max)
            return
        run.identity = processes.identity(run.process.pid)
        run.launched_s = self._clock()
        run.started_ms = time.time_ns() // 1_000_000
        run.restarts += not run.ended_well
        run.ended_well = False
        run.phase = "starting"
        self._changed(self.states())

    def _given(self, listener: Listener | None) -> tuple[tuple[int, ...], Mapping[str, str]]:
        """File descriptors for a child, and what tells it of them. Raises StartFailed when the port is taken."""
        if listener is None:
            return (), {}
        try:
            return (listener.fileno(),), listener.environ()
        except OSError as error:
            where = f"{listener.host}:{listener.port}"
            raise StartFailed(
                f"cannot listen on {where}: {error.strerror or error}",
                hint="another program has the port, or the address is not of this machine: FRESHET_PORT, FRESHET_HOST",
            ) from error

    def _now_ready(self, run: _Running) -> None:
        now_s = self._clock()
        run.phase = "done" if run.child.once else "ready"
        run.record = backoff.became_ready(run.record, now_s)
        where = f" on port {run.child.port}" if run.child.port else ""
        again = f" again (restart {run.restarts})" if run.restarts else ""
        self._say(f"{run.child.told or run.child.name} {run.phase}{again}{where}, {now_s - run.launched_s:.1f} s")
        self._changed(self.states())

    def states(self) -> list[ChildState]:
        return [run.state() for run in self._runs.values()]

    def _stop_all(self) -> None:
        """Whatever nobody needs any more gets SIGTERM; SIGKILL after the grace, or at once when stop is asked again."""
        asked = max(self._stops_asked, 1)
        for run in self._runs.values():
            if run.takeover is not None:
                new = run.takeover
                self._endings.append(
                    _Ending(run.child.name, new.process, new.identity, self._clock() + self._stop_grace_s)
                )
                self._end(self._endings[-1], signal.SIGTERM)
                new.close()
                run.takeover = None
        deadlines: dict[str, float] = {}
        while (running := {n: run for n, run in self._runs.items() if run.process is not None}) or self._endings:
            self._end_old_ones()
            needed = {name for run in running.values() for name in (*run.child.after, *run.child.stops_before)}
            for name, run in running.items():
                if name not in needed and name not in deadlines:
                    if run.child.listener is not None:
                        run.child.listener.close()
                    self._signal(run, signal.SIGTERM)
                    deadlines[name] = self._clock() + self._stop_grace_s
                elif self._stops_asked > asked or deadlines.get(name, float("inf")) < self._clock():
                    self._warn(f"{name} did not stop in time: killed")
                    self._signal(run, signal.SIGKILL)
                    deadlines[name] = float("inf")
            for run in running.values():
                if run.process is not None and run.process.poll() is not None:
                    run.process, run.phase = None, "stopped"
            time.sleep(processes.POLL_S)
        for run in self._runs.values():
            run.phase = "stopped"
        self._changed(self.states())

    def _signal(self, run: _Running, number: signal.Signals) -> None:
        if run.process is not None and run.identity is not None:
            processes.send(run.process.pid, run.identity, number)
