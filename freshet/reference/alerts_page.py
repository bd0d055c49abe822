"""docs/alerts.md: the table of all alerts."""

from freshet.alerts.alerts import ALERTS
from freshet.reference.marks import Part
from freshet.reference.table import table


def parts() -> list[Part]:
    rows = (
        (
            f"[{each.name}](#{each.name.lower()})",
            each.severity,
            f"{each.minutes} min" if each.minutes else "at once",
            f"`{each.expr}`",
            f"`{each.doctor}`" if each.doctor else "",
        )
        for each in ALERTS
    )
    return [Part("alerts", table(("alert", "severity", "after", "when", "in `freshet doctor`"), rows))]
