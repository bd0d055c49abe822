"""`python -m freshet.reference write|check`: renews the generated parts of docs/*.md and ops/, or says what is old."""

import sys
from collections.abc import Callable
from pathlib import Path

from freshet import exit_codes
from freshet.alerts.alerts import ALERTS
from freshet.alerts.rule_file import rule_file
from freshet.reference import (
    alerts_page,
    api_page,
    cli_page,
    events_page,
    metrics_page,
    resilience_page,
    settings_page,
)
from freshet.reference.dashboard import dashboard
from freshet.reference.marks import Part, renew
from schemas.errors import FreshetError

REPOSITORY = Path(__file__).resolve().parents[2]
DOCS = REPOSITORY / "docs"
PAGES: dict[str, Callable[[], list[Part]]] = {
    "alerts.md": alerts_page.parts,
    "api.md": api_page.parts,
    "cli.md": cli_page.parts,
    "events.md": events_page.parts,
    "metrics.md": metrics_page.parts,
    "resilience.md": resilience_page.parts,
    "settings.md": settings_page.parts,
}
FILES: dict[str, Callable[[], str]] = {
    "ops/alerts.yml": lambda: rule_file(ALERTS),
    "ops/grafana/freshet.json": dashboard,
}
"""Written as a whole, by their path in the repository."""


def stale(docs: Path) -> dict[Path, str]:
    """Documents that are not as they should be, with the text they should have."""
    found = {}
    for name, parts in PAGES.items():
        path = docs / name
        before = path.read_text(encoding="utf-8")
        after = renew(before, parts())
        if after != before:
            found[path] = after
    for name, written in FILES.items():
        path = docs.parent / name
        if not path.is_file() or path.read_text(encoding="utf-8") != written():
            found[path] = written()
    return found


def main(arguments: list[str]) -> int:
    if arguments not in (["write"], ["check"]):
        print("usage: python -m freshet.reference write|check", file=sys.stderr)
        return exit_codes.USAGE
    try:
        found = stale(DOCS)
    except FreshetError as error:
        print(f"error: {error.message}; {error.hint}", file=sys.stderr)
        return exit_codes.FAILED
    for path, text in found.items():
        print(
            f"{path.relative_to(REPOSITORY)}: "
            + ("written" if arguments == ["write"] else "out of date; run `make docs`")
        )
        if arguments == ["write"]:
            path.write_text(text, encoding="utf-8")
    return exit_codes.MISMATCH if found and arguments == ["check"] else exit_codes.OK


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
