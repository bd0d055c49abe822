"""Ports: those the next start wants are free, those of a running stack are its own."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from freshet.doctor.finding import Finding, ok, problem, warning
from freshet.doctor.place import Place
from freshet.remedies import another_port
from freshet.runtime.port_owner import Listener, listeners
from freshet.runtime.ports import LOOPBACK, is_free
from freshet.runtime.stack import configured_ports

NAME = "ports"


@dataclass(frozen=True)
class PortFacts:
    supervised: bool
    configured: Mapping[str, int]
    """By process; those that are set, and so must be free."""
    remembered: Mapping[str, int]
    """Those of the last start: taken again if they are free, else others are."""
    taken: Mapping[int, Listener]
    """Of the ports above, those that cannot be bound, and by whom they are held as far as it is known."""
    ours: Mapping[int, str]
    """Processes of this stack by pid."""
    option: str = ""


def examine(place: Place) -> list[Finding]:
    return judge(gather(place))


def gather(
    place: Place,
    who: Callable[[], Mapping[int, Listener]] = listeners,
    free: Callable[[int, str], bool] = is_free,
) -> PortFacts:
    state = place.state
    configured = {name: port for name, port in configured_ports(place.settings).items() if port}
    remembered = dict(state.ports) if state else {}
    listening = who()
    hosts = {"serving": place.settings.host}
    wanted = {(port, hosts.get(name, LOOPBACK)) for ports in (configured, remembered) for name, port in ports.items()}
    taken = {port: listening.get(port, Listener(port, None)) for port, host in wanted if not free(port, host)}
    ours = {process.pid: process.name for process in place.processes if process.alive and process.pid}
    if place.supervised and state is not None and state.pid is not None:
        ours[state.pid] = "freshet up"  # it keeps the socket of the HTTP tier open
    return PortFacts(place.supervised, configured, remembered, taken, ours, place.option)


def judge(facts: PortFacts) -> list[Finding]:
    if facts.supervised:
        return _running(facts)
    found = []
    for name, port in {**facts.remembered, **facts.configured}.items():
        holder = facts.taken.get(port)
        if holder is None:
            continue
        left = facts.ours.get(holder.pid or 0)
        says = f"port {port} for {name} is taken by {holder}"
        if left:
            says = f"port {port} for {name} is held by {left}, left from a killed stack"
            found.append(problem(NAME, says, f"freshet down{facts.option}"))
        elif name in facts.configured:
            found.append(problem(NAME, says, another_port(name)))
        else:
            found.append(warning(NAME, says, "nothing to do: freshet up takes another"))
    free = ", ".join(f"{port} ({name})" for name, port in facts.configured.items())
    return found or [ok(NAME, f"free: {free}; the others are chosen" if free else "all are chosen among the free ones")]


def _running(facts: PortFacts) -> list[Finding]:
    """A port that nobody holds belongs to a process that is down: the check of the processes says so."""
    found = []
    for name, port in facts.remembered.items():
        holder = facts.taken.get(port)
        if holder is not None and holder.pid is not None and holder.pid not in facts.ours:
            says = f"port {port} of {name} is held by {holder}, which is not of this stack"
            found.append(problem(NAME, says, f"end that program; the stack takes the port back by itself ({name})"))
    return found or [ok(NAME, f"the stack holds its own: {', '.join(map(str, sorted(facts.remembered.values())))}")]
