"""What an alert is: when it fires, how urgent it is, and what says the same where there is no Prometheus."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Severity = Literal["critical", "warning"]
"""`critical`: shoppers or merchants notice, or something is lost soon: wake somebody. `warning`: look within a day."""
LABEL = re.compile(r"\{\{ \$labels\.(\w+) \}\}")
VALUE = re.compile(r"\{\{ \$value( \| \w+)? \}\}")


@dataclass(frozen=True)
class Gauge:
    """A gauge against a limit: what Prometheus and `freshet doctor` both look at."""

    metric: str
    op: Literal[">", "<"]
    limit: float
    by: tuple[str, ...] = ()
    """Labels that tell one subject from another; every series that only differs in others is of the same one."""

    @property
    def expr(self) -> str:
        worst = "max" if self.op == ">" else "min"
        return f"{worst} by ({', '.join(self.by)}) ({self.metric}) {self.op} {number(self.limit)}"

    def beyond(self, value: float) -> bool:
        return value > self.limit if self.op == ">" else value < self.limit


@dataclass(frozen=True)
class Alert:
    name: str
    """Of the alert, and of its section in docs/alerts.md."""
    severity: Severity
    minutes: int
    """So long it must be so before it fires."""
    summary: str
    """A sentence for a person, with Prometheus's `{{ $labels.x }}` and `{{ $value }}` in it."""
    when: Gauge | str
    """A gauge, or PromQL where rates are needed."""
    doctor: str = ""
    """Which check of `freshet doctor` says it; empty: a rate, which one look cannot tell."""

    @property
    def expr(self) -> str:
        return self.when.expr if isinstance(self.when, Gauge) else self.when

    @property
    def runbook(self) -> str:
        return f"docs/alerts.md#{self.name.lower()}"

    def said(self, labels: Mapping[str, str], value: float) -> str:
        """The summary, for a person who has no Prometheus."""
        text = LABEL.sub(lambda found: labels.get(found[1], "?"), self.summary)
        return VALUE.sub(f"{value:,.4g}", text)


def number(value: float) -> str:
    """As a person writes it: 900, 0.25, 500000000."""
    return f"{value:.0f}" if value == int(value) else f"{value:g}"
