"""The guides: every document of docs/, by the name in its address, as text."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import serving

FOLDERS = {"": "*.md", "adr": "*.md", "examples": "*.toml"}
"""Below docs/, with the files that are guides."""


@dataclass(frozen=True)
class Guide:
    name: str
    """Its part of the address: `events` of `/docs/events`."""
    path: str
    """Below docs/, as other documents link to it: `events.md`."""
    title: str
    text: str


def docs_folder() -> Path:
    """In an installed package inside it, in a repository beside it."""
    package = Path(serving.__file__).parent
    inside = package / "docs"
    return inside if inside.is_dir() else package.parent / "docs"


def read_guides(folder: Path) -> Mapping[str, Guide]:
    """By name."""
    found = [
        _guide(path, path.relative_to(folder).as_posix())
        for below, pattern in FOLDERS.items()
        for path in sorted((folder / below).glob(pattern))
        if path.is_file()
    ]
    return {guide.name: guide for guide in found}


def _guide(path: Path, below: str) -> Guide:
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".md":
        text = f"# {path.name}\n\n```{path.suffix[1:]}\n{text.rstrip()}\n```\n"
    title = next((line[2:].strip() for line in text.splitlines() if line.startswith("# ")), path.stem)
    return Guide(path.stem if path.suffix == ".md" else path.name, below, title.replace("`", ""), text)
