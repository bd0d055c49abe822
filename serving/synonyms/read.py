"""Reads a shop's synonyms: a line each, `tv, television` for both ways, `couch => sofa` for one."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from schemas.errors import SettingsError
from schemas.folding import words_in
from schemas.ways import WAYS_MAX

BYTES_MAX: Final = 2_000_000
LINES_MAX: Final = 20_000
PHRASE_WORDS_MAX: Final = 4
ONE_WAY: Final = "=>"
COMMENT: Final = "#"
ERRORS_TOLD_MAX: Final = 10

Phrase = tuple[str, ...]
"""Words in lower case, without accents."""


class Synonym(NamedTuple):
    """What else finds what a phrase asks for."""

    phrase: Phrase
    ways: tuple[Phrase, ...]


class BadLine(ValueError):
    """A line that is no synonym, and why."""


def read_synonyms(data: bytes, name: str) -> list[Synonym]:
    """Each phrase once, with all that other lines say of it too. Raises SettingsError that names the lines of `name`
    that are wrong."""
    if len(data) > BYTES_MAX:
        raise SettingsError(f"{name} has {len(data):,} bytes; synonyms may have {BYTES_MAX:,}")
    try:
        lines = data.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        place = data[: error.start].count(b"\n") + 1
        raise SettingsError(f"{name} line {place} is not UTF-8", hint="Save the file as UTF-8.") from None
    if len(lines) > LINES_MAX:
        raise SettingsError(f"{name} has {len(lines):,} lines; synonyms may have {LINES_MAX:,}")
    found: dict[Phrase, dict[Phrase, None]] = {}
    wrong: list[str] = []
    for number, line in enumerate(lines, 1):
        try:
            for phrase, ways in _rules(line.partition(COMMENT)[0].strip()):
                found.setdefault(phrase, {}).update(dict.fromkeys(ways))
                if len(found[phrase]) > WAYS_MAX:
                    raise BadLine(f"more than {WAYS_MAX} ways to say {' '.join(phrase)!r}, with the lines before")
        except BadLine as error:
            wrong.append(f"{name} line {number}: {error}")
    if wrong:
        more = f"\nand {len(wrong) - ERRORS_TOLD_MAX:,} more" if len(wrong) > ERRORS_TOLD_MAX else ""
        raise SettingsError(
            "\n".join(wrong[:ERRORS_TOLD_MAX]) + more,
            hint="Write `tv, television` or `couch => sofa`; # begins a comment.",
        )
    return [Synonym(phrase, tuple(ways)) for phrase, ways in found.items()]


def _rules(line: str) -> Iterator[Synonym]:
    if not line:
        return
    left, arrow, right = line.partition(ONE_WAY)
    if ONE_WAY in right:
        raise BadLine(f"{ONE_WAY} stands twice")
    asked = _phrases(left)
    if arrow:
        ways = _phrases(right)
        yield from (Synonym(phrase, tuple(way for way in ways if way != phrase)) for phrase in asked)
        return
    if len(asked) < 2:
        raise BadLine("one phrase alone is no synonym")
    yield from (Synonym(phrase, tuple(way for way in asked if way != phrase)) for phrase in asked)


def _phrases(text: str) -> list[Phrase]:
    phrases = []
    for part in text.split(","):
        words = tuple(words_in(part))
        if not words:
            raise BadLine("a phrase is empty")
        if len(words) > PHRASE_WORDS_MAX:
            raise BadLine(f"{part.strip()!r} has {len(words)} words; a phrase may have {PHRASE_WORDS_MAX}")
        phrases.append(words)
    if len(phrases) > WAYS_MAX:
        raise BadLine(f"{len(phrases)} phrases; a line may have {WAYS_MAX}")
    return list(dict.fromkeys(phrases))
