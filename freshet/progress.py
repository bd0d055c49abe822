"""Shows how far an import is: a moving line on a terminal, a plain line every few seconds elsewhere."""

import sys
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self, TextIO

PLAIN_EVERY_S = 5.0


@dataclass(frozen=True)
class Step:
    """One look at the work."""

    phase: str
    done: int
    share: float
    """0..1 of the phase."""
    per_s: float
    eta_s: float | None
    rejected: int
    note: str = ""

    def words(self) -> str:
        eta = f", {duration(self.eta_s)} left" if self.eta_s is not None else ""
        rejected = f", {self.rejected:,} rejected" if self.rejected else ""
        note = f", {self.note}" if self.note else ""
        return f"{self.phase} {self.done:,} ({self.share:.0%}), {self.per_s:,.0f}/s{eta}{rejected}{note}"


def duration(seconds: float) -> str:
    """12 s, 3 min 05 s."""
    whole = max(0, round(seconds))
    return f"{whole} s" if whole < 60 else f"{whole // 60} min {whole % 60:02d} s"


class Show(Protocol):
    def update(self, step: Step, now_s: float) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class PlainLines:
    """For pipes and log files."""

    def __init__(self, stream: TextIO, every_s: float = PLAIN_EVERY_S) -> None:
        self._stream = stream
        self._every_s = every_s
        self._next_s = float("-inf")
        self._phase = ""

    def update(self, step: Step, now_s: float) -> None:
        if now_s >= self._next_s or step.phase != self._phase:
            self._next_s = now_s + self._every_s
            self._phase = step.phase
            print(step.words(), file=self._stream, flush=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass


class MovingLine:
    """For terminals: one bar per phase."""

    def __init__(self, stream: TextIO) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn

        columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(bar_width=24))
        self._progress = Progress(*columns, console=Console(file=stream), transient=False)
        self._bars: dict[str, object] = {}

    def update(self, step: Step, now_s: float) -> None:
        if step.phase not in self._bars:
            self._bars[step.phase] = self._progress.add_task(step.phase, total=1.0)
        self._progress.update(self._bars[step.phase], completed=step.share, description=step.words())  # type: ignore[arg-type]

    def __enter__(self) -> Self:
        self._progress.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.__exit__(kind, error, trace)


def show_on(stream: TextIO = sys.stderr) -> Show:
    return MovingLine(stream) if stream.isatty() else PlainLines(stream)
