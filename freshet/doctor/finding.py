"""What a check found: how bad it is, in words, and the command that helps."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

Severity = Literal["ok", "warning", "problem"]


class Finding(BaseModel):
    """`problem`: Freshet cannot start, loses something or will soon. `warning`: it runs, and somebody should know."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    check: str
    """As in the table of the checks."""
    severity: Severity
    found: str
    """What it is, in a sentence."""
    remedy: str = ""
    """A command, or what to do where no command does it; empty only when all is well."""


def ok(check: str, found: str) -> Finding:
    return Finding(check=check, severity="ok", found=found)


def warning(check: str, found: str, remedy: str) -> Finding:
    return Finding(check=check, severity="warning", found=found, remedy=remedy)


def problem(check: str, found: str, remedy: str) -> Finding:
    return Finding(check=check, severity="problem", found=found, remedy=remedy)
