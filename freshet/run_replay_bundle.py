"""What `freshet replay bundle` and `open` do: all that makes answers again in one file, and from it elsewhere."""

import secrets
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from freshet.exit_codes import FAILED, MISMATCH, OK
from freshet.printing import print_json, print_lines
from freshet.replay_options import instead_of, span_of
from freshet.replay_room import FOLDER, Room, room
from freshet.run_replay import EXITS, lines, taken
from replay.answers.records import find, within
from replay.answers.replaying import Replayed, counted, replay
from replay.answers.slices import slice_of
from replay.bundles.contents import ANSWERS_MAX
from replay.bundles.opening import opened, unpack
from replay.bundles.packing import pack, write_tar
from schemas.errors import InvalidRequest, StateRefused
from schemas.served import Served
from streams.logs import configure_logs

SALT_BYTES: Final = 16
EACH_MAX: Final = 10
"""Answers of which a terminal is told one by one; JSON has all."""


class BundleOptions(NamedTuple):
    """Either answers by their ids, or those of a span of time."""

    request_ids: Sequence[str]
    begin: str
    end: str
    sample: int
    """Of a span at most so many, drawn by their ids."""
    output: Path


def replay_bundle(options: BundleOptions, url: str, data: Path | None, as_json: bool) -> int:
    """Raises InvalidRequest where there is no such answer, StateRefused where one cannot be made again."""
    check(options)
    span = span_of(options.begin, options.end)
    with room(url, data) as here:
        others = Counter[str]()
        if options.request_ids:
            records = [find(here.log, here.topics, one) for one in dict.fromkeys(options.request_ids)]
        else:
            found = slice_of(within(here.log, here.topics, span), options.sample)
            records, others = [*taken(found.drawn)], found.others
        facts = packed(here, records, options.output) | {"others": dict(others.most_common())}
    if as_json:
        print_json(facts)
    else:
        print_lines(bundle_lines(facts))
    return OK


def check(options: BundleOptions) -> None:
    """Raises InvalidRequest."""
    if bool(options.request_ids) == bool(options.begin):
        raise InvalidRequest("what_to_pack", "say which answers: their ids, or a span by --from and --to")
    if len(options.request_ids) > ANSWERS_MAX:
        count = len(options.request_ids)
        raise InvalidRequest("too_many", f"a bundle holds at most {ANSWERS_MAX:,} answers, not {count:,}")


def packed(here: Room, records: Sequence[Served], output: Path) -> dict[str, Any]:
    """Writes the file. Raises StateRefused where an answer cannot be made again, or all are too much."""
    if not records:
        raise StateRefused(
            "there is no answer in this span that can be made again", hint="docs/replay.md, Which answers"
        )
    with tempfile.TemporaryDirectory(dir=here.rebuilding.place.folder) as folder:
        bundle = pack(records, here.rebuilding, Path(folder), secrets.token_bytes(SALT_BYTES))
        packed_bytes = write_tar(Path(folder), output)
    return {
        "file": str(output),
        "answers": len(records),
        "snapshots": len(bundle.bases),
        "log_records": sum(part.end - part.begin for part in bundle.parts),
        "packed_bytes": packed_bytes,
        "file_bytes": output.stat().st_size,
    }


def bundle_lines(facts: dict[str, Any]) -> Iterator[str]:
    yield (
        f"{facts['file']}: {facts['answers']:,} answers, {facts['snapshots']} snapshots, "
        f"{facts['log_records']:,} offsets of the log, {facts['file_bytes']:,} bytes"
    )
    yield from (f"{count:>8,} left out: {why}" for why, count in facts["others"].items())
    yield f"make them again anywhere: freshet replay open {facts['file']}"


def replay_open(path: Path, changed: Sequence[str], sku: str | None, data: Path | None, as_json: bool) -> int:
    """Needs no shop; works below `data` if it is given, else where the system keeps what is temporary.

    Raises StateRefused for what is no bundle, or is damaged."""
    instead = instead_of(changed)
    configure_logs("error")
    above = data / FOLDER if data is not None else None
    if above is not None:
        above.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=above, ignore_cleanup_errors=True) as folder:
        unpack(path, Path(folder) / "bundle")
        found = opened(Path(folder) / "bundle", Path(folder) / "work")
        made = list(replay(found.records, found.rebuilding, instead, sku))
        if as_json:
            print_json({"code": found.bundle.code, **counted(made), "answers": [one.facts for one in made]})
        else:
            print_lines([f"packed by Freshet {found.bundle.code}", *opened_lines(made)])
    verdicts = {one.verdict for one in made}
    return OK if verdicts == {"equal"} else FAILED if "not replayable" in verdicts else MISMATCH


def opened_lines(made: Sequence[Replayed]) -> Iterator[str]:
    """Of each answer; of many those that are not equal."""
    if len(made) > EACH_MAX:
        counts = counted(made)
        yield f"{len(made):,} answers: " + ", ".join(f"{counts[verdict]:,} {verdict}" for verdict in EXITS)
    told = made if len(made) <= EACH_MAX else [one for one in made if one.verdict != "equal"][:EACH_MAX]
    yield from (line for one in told for line in lines(one))
