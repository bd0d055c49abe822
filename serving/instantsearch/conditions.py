"""Conditions on products as InstantSearch's clients state them, however they were written."""

from dataclasses import dataclass
from math import inf, nextafter


@dataclass(frozen=True)
class Has:
    """An attribute has a value."""

    name: str
    value: str


@dataclass(frozen=True)
class Between:
    """A number of an attribute is from `low` to `high`, both included; None: open."""

    name: str
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Not:
    of: "Condition"


@dataclass(frozen=True)
class All:
    of: "tuple[Condition, ...]"


@dataclass(frozen=True)
class AnyOf:
    of: "tuple[Condition, ...]"


Condition = Has | Between | Not | All | AnyOf


def compared(name: str, operator: str, number: float) -> Condition:
    """`price > 10` and the like."""
    match operator:
        case "<":
            return Between(name, None, nextafter(number, -inf))
        case "<=":
            return Between(name, None, number)
        case ">":
            return Between(name, nextafter(number, inf), None)
        case ">=":
            return Between(name, number, None)
        case "!=":
            return Not(Between(name, number, number))
        case _:
            return Between(name, number, number)
