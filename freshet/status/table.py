"""The status for a person: a few lines and two tables."""

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from freshet.remedies import shard_name
from freshet.status.report import ProcessStatus, ReplicaStatus, Status

WIDTH_ELSEWHERE = 160
"""Columns where the output is no terminal: lines are not broken there."""
GOOD, BAD, DIM = "green", "red", "dim"


def console() -> Console:
    """Colours and the terminal's width on a terminal, plain lines elsewhere."""
    made = Console(highlight=False, emoji=False, markup=False)
    return made if made.is_terminal else Console(highlight=False, emoji=False, markup=False, width=WIDTH_ELSEWHERE)


def as_lines(status: Status) -> list[str]:
    """The same as plain lines."""
    screen = console()
    with screen.capture() as captured:
        screen.print(as_table(status))
    return [line.rstrip() for line in captured.get().splitlines()]


def as_table(status: Status) -> RenderableType:
    if not status.running:
        return Text(_nothing(status))
    parts: list[RenderableType] = [_head(status)]
    if status.children:
        parts += ["", _processes(status.children)]
    if status.steps:
        parts += ["", _steps(status)]
    if any(replica.replica for replica in status.replicas):
        parts += ["", _replicas(status.replicas)]
    parts += ["", _facts(status)]
    if status.complaints:
        parts += ["", *(Text(f"! {line}", style=BAD) for line in status.complaints)]
    return Group(*parts)


def _nothing(status: Status) -> str:
    if status.state == "remote":
        return f"nothing answers at {status.url}"
    return f"no stack runs on {status.data}; start one: freshet up"


def _head(status: Status) -> Text:
    word, style = ("well", GOOD) if status.well else ("not well", BAD)
    text = Text(word, style=f"bold {style}")
    text.append(f"  {status.state}  {status.url}  freshet {status.version}", style="default not bold")
    return text


def _processes(processes: list[ProcessStatus]) -> Table:
    table = _table("process", "state", "answers", "version", "pid", "port", "restarts", "up", "memory")
    for process in processes:
        shown = process.state if process.alive or process.state in ("done", "waiting", "stopped") else "not running"
        asked = {True: "yes", False: "no", None: "-"}[process.answers]
        fine = process.answers is not False and (process.alive or shown in ("done", "waiting", "stopped"))
        table.add_row(
            process.name,
            Text(shown, style="" if fine else BAD),
            Text(asked, style=GOOD if asked == "yes" else BAD if asked == "no" else DIM),
            process.version or "-",
            str(process.pid or "-"),
            str(process.port or "-"),
            Text(str(process.restarts), style="yellow" if process.restarts else ""),
            duration(process.up_s),
            size(process.memory_bytes),
        )
    return table


def _steps(status: Status) -> Table:
    table = _table("step", "partition", "offset", "lag")
    for column in ("partition", "offset", "lag"):
        next(found for found in table.columns if found.header == column).justify = "right"
    for step in status.steps:
        lag = Text(_number(step.lag), style="yellow" if step.lag else "")
        table.add_row(step.step, str(step.partition), _number(step.offset), lag)
    return table


def _replicas(replicas: list[ReplicaStatus]) -> Table:
    """Where there is more than one of a shard."""
    table = _table("shard", "replica", "standing", "documents", "offers", "behind", "products", "scrubbed")
    for name in ("documents", "offers", "behind", "products"):
        next(found for found in table.columns if found.header == name).justify = "right"
    for one in replicas:
        table.add_row(
            str(one.partition),
            "-" if one.replica is None else str(one.replica),
            Text(one.standing, style=GOOD if one.standing == "answers" else BAD),
            *(_number(found) for found in (one.documents_offset, one.offers_offset)),
            Text(_number(one.behind), style="yellow" if one.behind else ""),
            _number(one.products),
            "-" if one.scrub_age_s is None else f"{duration(one.scrub_age_s)} ago",
        )
    return table


def _number(found: int | None) -> str:
    return "-" if found is None else f"{found:,}"


def _facts(status: Status) -> Table:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style=DIM, no_wrap=True)
    grid.add_column()
    for name, value in {
        "fresh": _freshness(status),
        "holds": _counts(status),
        "dead letters": _dead_letters(status),
        "snapshots": _snapshots(status),
        "disk": _disk(status),
        "encoder": status.encoder or "",
        "Kafka": _server(status.kafka_up, status.kafka),
        "Redis": _server(status.redis_up, status.redis_url),
        "data": status.data,
    }.items():
        if value:
            grid.add_row(name, value)
    return grid


def _freshness(status: Status) -> str:
    found = status.freshness
    if found is None:
        return "not known: the HTTP tier does not say"
    if found.p50_s is None or found.p95_s is None:
        return f"no event in the last minute; {found.events_per_s:g} events/s"
    took = f"searchable after {found.p50_s * 1000:,.0f} ms (p50), {found.p95_s * 1000:,.0f} ms (p95)"
    return f"{took} over {found.events} events of the last minute; {found.events_per_s:g} events/s"


def _counts(status: Status) -> str:
    found = status.counts
    return f"{found.products:,} products in {found.rows:,} rows, {found.held_offers:,} offers held" if found else ""


def _dead_letters(status: Status) -> str:
    found = status.dead_letters
    if found is None:
        return ""
    reasons = ", ".join(f"{reason} {count:,}" for reason, count in found.by_reason.items())
    more = "at least " if found.more else ""
    return f"{more}{found.total:,} in {found.hours} h" + (f": {reasons}" if reasons else "")


def _snapshots(status: Status) -> str:
    lines = [
        f"{shard_name(one.partition, one.replica)}: "
        f"{one.damaged or f'{one.products:,} products at offset {one.documents_offset:,}'}, "
        f"{duration(one.age_s)} old, {size(one.size_bytes)}"
        for one in status.snapshots
    ]
    return "\n".join(lines) or ("none yet" if status.data else "")


def _disk(status: Status) -> str:
    if status.disk is None:
        return ""
    parts = sorted(status.disk.used_bytes.items(), key=lambda part: -part[1])
    used = ", ".join(f"{name} {size(count)}" for name, count in parts)
    return f"{used or 'nothing used'}; {size(status.disk.free_bytes)} of {size(status.disk.total_bytes)} free"


def _server(up: bool | None, address: str) -> str:
    if up is None:
        return address
    return f"{'up' if up else 'does not answer'}{f' at {address}' if address else ''}"


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style=DIM)
    for column in columns:
        table.add_column(column, no_wrap=True)
    return table


def duration(seconds: float | None) -> str:
    """In the largest unit that fits: 12 s, 3 min, 2.5 h, 4.0 d."""
    if seconds is None:
        return "-"
    if seconds < 120:
        return f"{seconds:.0f} s"
    if seconds < 7200:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h" if seconds < 172_800 else f"{seconds / 86_400:.1f} d"


def size(count: int | None) -> str:
    """Bytes in powers of ten: 12 kB, 3.4 GB."""
    if count is None:
        return "-"
    amount, unit = float(count), "B"
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if amount < 1000 or unit == "TB":
            break
        amount /= 1000
    return f"{amount:.1f} {unit}" if amount < 10 and unit in ("GB", "TB") else f"{amount:.0f} {unit}"
