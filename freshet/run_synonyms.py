"""What `synonyms check` does: read the file, print what is in it."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from freshet.exit_codes import OK
from freshet.printing import print_json, print_lines
from schemas.errors import SettingsError
from schemas.settings import ServingSettings, as_environ, read
from schemas.ways import OtherWays
from serving.synonyms.read import BYTES_MAX, read_synonyms
from serving.synonyms.synonyms import Synonyms


def check_synonyms(given: Path | None, query: str, data: Path | None, as_json: bool) -> int:
    """Raises SettingsError for a file that cannot be read or is wrong."""
    path = given or _configured(data)
    try:
        with path.open("rb") as file:
            text = file.read(BYTES_MAX + 1)
    except OSError as error:
        raise SettingsError(f"the synonyms cannot be read: {error}") from None
    synonyms = Synonyms(read_synonyms(text, path.name))
    used = synonyms.of(query)
    if as_json:
        print_json({"phrases": len(synonyms), "used": {" ".join(one.words): one.ways for one in used}})
    else:
        print_lines(_lines(len(synonyms), query, used))
    return OK


def _configured(folder: Path | None) -> Path:
    path = read(ServingSettings, {**os.environ, **(as_environ({"data": folder}) if folder else {})}).synonyms
    if path is None:
        raise SettingsError(
            "FRESHET_SYNONYMS names no file", hint="Name it there, or give one: freshet synonyms check FILE"
        )
    return path


def _lines(phrases: int, query: str, used: Sequence[OtherWays]) -> Iterator[str]:
    yield f"{phrases:,} phrases have synonyms"
    for one in used:
        yield f"{' '.join(one.words)}: also {', '.join(one.ways)}"
    if query and not used:
        yield "the query uses none of them"
