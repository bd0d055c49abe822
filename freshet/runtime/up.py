"""`freshet up`: fetches what is missing, starts the stack, keeps it running until Ctrl-C or SIGTERM."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import FrameType

from freshet.runtime import kafka, processes, redis_server
from freshet.runtime.bytecode import with_bytecode
from freshet.runtime.cache import cache_folder
from freshet.runtime.data_lock import held
from freshet.runtime.journal import Journal, words_of
from freshet.runtime.journal import Say as Told
from freshet.runtime.kafka_jars import ensure_jars
from freshet.runtime.log_files import log_file, rotate
from freshet.runtime.shard_processes import replica_count
from freshet.runtime.stack import STORE, Stack, children, choose_ports, kafka_node, module, redis_node, shared_store
from freshet.runtime.stack_state import ChildState, Phase, StackState, read_state, write_state
from freshet.runtime.supervisor import STOP_GRACE_S, Supervisor
from freshet.runtime.welcome import own_shop_lines
from schemas.errors import Unavailable
from schemas.settings import UpSettings, as_environ

DETACHED_POLL_S = 0.1
Say = Callable[[str], None]
Welcome = Callable[[str, str], list[str]]
"""What to try, from the command as one types it (`freshet`) and the option that names the data folder."""


def up(
    settings: UpSettings,
    environ: Mapping[str, str],
    say: Told,
    ready: Callable[[StackState], None],
    demo: Welcome | None = None,
) -> None:
    """Runs the stack in the foreground until a signal; `ready` is called once, when all of it answers.

    With the lines of `demo` the demo is one of its processes. Raises StateRefused when one runs already,
    Unavailable or StartFailed when it cannot start.
    """
    data = settings.data.resolve()
    with held(data, _who(data)):
        journal = Journal(log_file(data, "up"), say)
        before = read_state(data)
        if before is not None:
            end_leftovers(before, journal.warn)
        stack = Stack(
            settings,
            data,
            choose_ports(settings, before.ports if before else {}),
            own_kafka="kafka" not in settings.model_fields_set,
            own_redis="redis_url" not in settings.model_fields_set,
            with_demo=demo is not None,
        )
        _supervise(stack, environ, journal, ready, demo or own_shop_lines)


def up_detached(
    settings: UpSettings, environ: Mapping[str, str], say: Say, command: Sequence[str] = ("up",)
) -> StackState:
    """Starts the stack in the background by a command of `freshet` and returns when it is ready.

    Its progress lines go to `say` meanwhile.

    Raises Unavailable when it does not come up.
    """
    data = settings.data.resolve()
    log = log_file(data, "up")
    rotate(log)
    log.parent.mkdir(parents=True, exist_ok=True)
    given = {key: getattr(settings, key) for key in settings.model_fields_set if key != "data"}
    child_settings = with_bytecode({**environ, **as_environ({**given, "data": data}), "PYTHONUNBUFFERED": "1"})
    with log.open("ab") as output:
        begin = output.tell()
        process = subprocess.Popen(
            module("freshet", *command),
            env=child_settings,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,  # the address, which is told here
            stderr=output,
            start_new_session=True,
        )
    with log.open(encoding="utf-8", errors="replace") as lines:
        lines.seek(begin)
        while True:
            code = process.poll()
            for line in lines:
                say(words_of(line.rstrip("\n")))
            state = read_state(data)
            if state is not None and state.pid == process.pid and state.state == "ready":
                return state
            if code is not None:
                raise Unavailable(f"the stack did not start (exit code {code})", hint=f"the whole log is {log}")
            time.sleep(DETACHED_POLL_S)


def end_leftovers(state: StackState, say: Say, grace_s: float = STOP_GRACE_S) -> int:
    """Ends what a killed supervisor left behind, in reverse order; returns how many there were."""
    ended = 0
    for child in reversed(state.children):
        if child.pid is None or child.started is None or processes.identity(child.pid) != child.started:
            continue
        say(f"{child.name} (pid {child.pid}) is left from an earlier run: ending it")
        processes.end(child.pid, child.started, grace_s)
        ended += 1
    return ended


def _who(data: Path) -> str:
    state = read_state(data)
    if state is None or state.pid is None:
        return ""
    return f" (pid {state.pid}{', ' + state.url if state.url else ''})"


def _supervise(
    stack: Stack, environ: Mapping[str, str], journal: Journal, ready: Callable[[StackState], None], welcome: Welcome
) -> None:
    began_s, say = time.monotonic(), journal.say
    notes = _Notes(stack, journal.warn)
    notes.phase("starting")
    try:
        jars = _prepare(stack, environ, say)

        def all_ready() -> None:
            ready(notes.phase("ready"))
            _welcome(stack, time.monotonic() - began_s, say, welcome)

        def stopping() -> None:
            say("stopping; Ctrl-C again kills what still runs")
            notes.phase("stopping")

        supervisor = Supervisor(
            children(stack, environ, jars),
            say=say,
            warn=journal.warn,
            changed=notes.children,
            all_ready=all_ready,
            stopping=stopping,
        )
        _obey_signals(supervisor)
        supervisor.run()
    finally:
        notes.stopped()
    say("stopped")


def _prepare(stack: Stack, environ: Mapping[str, str], say: Say) -> Path | None:
    """Fetches and formats what the embedded servers need, and asks an external Kafka whether it is there."""
    if shared_store(stack, environ) == str(stack.data / STORE):
        (stack.data / STORE).mkdir(exist_ok=True)
    if stack.own_redis:
        redis_server.prepare(redis_node(stack))
    if stack.own_kafka:
        jars = ensure_jars(cache_folder(environ), stack.settings.maven_url, say)
        kafka.prepare(kafka_node(stack, jars))
        return jars
    if not any(kafka.answers(server.strip()) for server in stack.kafka.split(",")):
        raise Unavailable(
            f"no Kafka answers at {stack.kafka} (FRESHET_KAFKA)",
            hint="start it, or unset FRESHET_KAFKA: then `freshet up` runs its own",
        )
    return None


def _obey_signals(supervisor: Supervisor) -> None:
    """SIGUSR1 (`freshet restart --rolling`) asks for new processes that take over, the others for a stop."""

    def asked(number: int, frame: FrameType | None) -> None:
        supervisor.stop()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:  # nohup
            signal.signal(number, asked)

    def take_over(number: int, frame: FrameType | None) -> None:
        supervisor.take_over()

    signal.signal(signal.SIGUSR1, take_over)


def _welcome(stack: Stack, took_s: float, say: Say, welcome: Welcome) -> None:
    data = "" if stack.settings.data == Path(".freshet") else f" --data {stack.settings.data}"
    say(f"ready after {took_s:.1f} s: {stack.url}")
    say(f"data and logs are in {stack.data}; Ctrl-C or `freshet down{data}` stops it")
    command = "freshet" if shutil.which("freshet") else os.path.relpath(Path(sys.executable).parent / "freshet")
    for line in welcome(command, data):
        say(line)


class _Notes:
    """Writes state.json as things change."""

    def __init__(self, stack: Stack, say: Say) -> None:
        self._stack = stack
        self._say = say
        self._phase: Phase = "starting"
        self._children: list[ChildState] = []

    def phase(self, phase: Phase) -> StackState:
        self._phase = phase
        return self._write()

    def children(self, children: list[ChildState]) -> None:
        self._children = children
        self._write()

    def stopped(self) -> None:
        write_state(self._stack.data, StackState(state="stopped", ports=dict(self._stack.ports)))

    def _write(self) -> StackState:
        stack, pid = self._stack, os.getpid()
        state = StackState(
            state=self._phase,
            pid=pid,
            started=processes.identity(pid),
            url=stack.url,
            kafka=stack.kafka,
            redis_url=stack.redis_url,
            generation=stack.settings.generation,
            partitions=stack.settings.partitions,
            replicas=replica_count(stack.settings),
            ports=dict(stack.ports),
            children=self._children,
        )
        try:
            write_state(stack.data, state)
        except OSError as error:  # a full disk must not end what still runs; the next change writes it again
            self._say(f"cannot write {stack.data}: {error}")
        return state
