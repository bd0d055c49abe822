"""`python -m freshet.reference write|check`: renews the generated parts of docs/*.md, or says which are old."""

import sys
from collections.abc import Callable
from pathlib import Path

from freshet import exit_codes
from freshet.reference import api_page, cli_page, events_page, metrics_page, settings_page
from freshet.reference.marks import Part, renew
from schemas.errors import FreshetError

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGES: dict[str, Callable[[], list[Part]]] = {
    "api.md": api_page.parts,
    "cli.md": cli_page.parts,
    "events.md": events_page.parts,
    "metrics.md": metrics_page.parts,
    "settings.md": settings_page.parts,
}


def stale(docs: Path) -> dict[Path, str]:
    """Documents that are not as they should be, with the text they should have."""
    found = {}
    for name, parts in PAGES.items():
        path = docs / name
        before = path.read_text(encoding="utf-8")
        after = renew(before, parts())
        if after != before:
            found[path] = after
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
        print(f"docs/{path.name}: " + ("written" if arguments == ["write"] else "out of date; run `make docs`"))
        if arguments == ["write"]:
            path.write_text(text, encoding="utf-8")
    return exit_codes.MISMATCH if found and arguments == ["check"] else exit_codes.OK


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
