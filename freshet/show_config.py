"""Settings with their values and where they come from: a running process's own, else as it would be started."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil

from freshet.running import supervisor_alive
from freshet.runtime import processes
from freshet.runtime.shard_processes import replica_count
from freshet.runtime.stack_state import StackState, read_state
from schemas.secrets import is_secret, shown
from schemas.settings import CONFIG_VARIABLE, MODELS, PREFIX, Settings, UpSettings, as_environ, read, sources

PROCESSES: dict[str, type[Settings]] = {
    (model.__doc__ or "").split(":")[0].removeprefix("agents.").removeprefix("freshet "): model for model in MODELS
}
"""By the name of the process: catalog, embed ... up."""


@dataclass(frozen=True)
class Shown:
    """One setting of one process."""

    process: str
    name: str
    variable: str
    value: str
    """Masked where it is a secret; lists as in a variable."""
    origin: str
    """`default`, `variable`, `file PATH`, `option` of the command, or `freshet up`, which told its child."""
    meaning: str
    pid: int | None = None
    """Of the running process whose settings these are; None: it does not run."""


@dataclass(frozen=True)
class Told:
    """The FRESHET_* variables of a running process."""

    pid: int
    environ: Mapping[str, str]


def in_force(process: str, data: Path, environ: Mapping[str, str], options: Mapping[str, str]) -> list[Shown]:
    """All settings of the process called so in PROCESSES; `options` are variables given on the command line.

    Raises SettingsError when one is wrong.
    """
    state = read_state(data)
    if state is not None and supervisor_alive(state):
        supervisor = told(state.pid)
        child = supervisor if process == "up" else told(_pid_of(process, state))
        if child is not None:
            known = supervisor.environ if supervisor else {}
            if process == "up":
                given = _options(state, data, child.environ)
                return settings_of(process, {**child.environ, **given}, dict.fromkeys(given, "option"), child.pid)
            by_up = {name: "freshet up" for name, value in child.environ.items() if known.get(name) != value}
            return settings_of(process, child.environ, by_up, child.pid)
    return settings_of(process, {**environ, **options}, dict.fromkeys(options, "option"))


def settings_of(
    process: str, environ: Mapping[str, str], origins: Mapping[str, str], pid: int | None = None
) -> list[Shown]:
    """`origins`: who set a variable, where it was not the person."""
    model = PROCESSES[process]
    file, from_file, from_environ = sources(environ)
    values = read(model, environ)
    rows = []
    for name, field in model.model_fields.items():
        variable = PREFIX + name.upper()
        if name in from_environ:
            origin = origins.get(variable, "variable")
        else:
            origin = f"file {file}" if name in from_file else "default"
        value = shown(getattr(values, name), is_secret(field))
        rows.append(Shown(process, name, variable, value, origin, field.description or "", pid))
    return rows


def told(pid: int | None) -> Told | None:
    """None when there is no such process, or it is another user's."""
    if pid is None:
        return None
    try:
        process = psutil.Process(pid)
        environ = {name: value for name, value in process.environ().items() if name.startswith(PREFIX)}
        if CONFIG_VARIABLE in environ:  # relative to the folder it stands in
            environ[CONFIG_VARIABLE] = str(Path(process.cwd(), environ[CONFIG_VARIABLE]))
    except psutil.Error:
        return None
    return Told(pid, environ)


def _options(state: StackState, data: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """What `freshet up` was told by options, as variables: where the stack is not as its environment alone says."""
    alone = read(UpSettings, environ)
    before = {"data": alone.data.resolve(), "port": alone.port, "partitions": alone.partitions}
    now = {"data": data, "port": state.ports.get("serving", alone.port), "partitions": state.partitions}
    before["replicas"], now["replicas"] = replica_count(alone), state.replicas
    return as_environ({name: value for name, value in now.items() if value != before[name]})


def _pid_of(process: str, state: StackState) -> int | None:
    """The first of `embed`, `embed-1` ..."""
    return next(
        (
            child.pid
            for child in state.children
            if child.name.split("-")[0] == process
            and child.pid is not None
            and processes.identity(child.pid) == child.started
        ),
        None,
    )
