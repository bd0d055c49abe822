"""What `freshet replay bundle` and `open` do: all that makes answers again in one file, and from it elsewhere."""

import os
import secrets
import tempfile
from collections.abc import Sequence
from pathlib import Path

from freshet.exit_codes import FAILED, MISMATCH, OK
from freshet.printing import print_json, print_lines
from freshet.replay_options import instead_of
from freshet.replay_room import FOLDER, NICE, room
from freshet.run_replay import lines
from replay.answers.records import find
from replay.answers.replaying import replay
from replay.bundles.contents import ANSWERS_MAX
from replay.bundles.opening import opened, unpack
from replay.bundles.packing import pack, write_tar
from schemas.errors import InvalidRequest
from streams.logs import configure_logs

SALT_BYTES = 16


def replay_bundle(request_ids: Sequence[str], output: Path, url: str, data: Path | None, as_json: bool) -> int:
    """Raises InvalidRequest where there is no such answer, StateRefused where one cannot be made again."""
    if len(request_ids) > ANSWERS_MAX:
        raise InvalidRequest("too_many", f"a bundle holds at most {ANSWERS_MAX} answers, not {len(request_ids)}")
    with room(url, data) as here, tempfile.TemporaryDirectory(dir=here.rebuilding.place.folder) as folder:
        records = [find(here.log, here.topics, one) for one in dict.fromkeys(request_ids)]
        bundle = pack(records, here.rebuilding, Path(folder), secrets.token_bytes(SALT_BYTES))
        packed = write_tar(Path(folder), output)
    facts = {
        "file": str(output),
        "answers": len(records),
        "snapshots": len(bundle.bases),
        "log_records": sum(part.end - part.begin for part in bundle.parts),
        "packed_bytes": packed,
        "file_bytes": output.stat().st_size,
    }
    if as_json:
        print_json(facts)
    else:
        print_lines(
            [
                f"{output}: {facts['answers']} answers, {facts['snapshots']} snapshots, "
                f"{facts['log_records']:,} offsets of the log, {facts['file_bytes']:,} bytes",
                f"make them again anywhere: freshet replay open {output}",
            ]
        )
    return OK


def replay_open(path: Path, changed: Sequence[str], sku: str | None, data: Path | None, as_json: bool) -> int:
    """Needs no shop; works below `data` if it is given, else where the system keeps what is temporary.

    Raises StateRefused for what is no bundle, or is damaged."""
    instead = instead_of(changed)
    configure_logs("error")
    os.nice(NICE)
    above = data / FOLDER if data is not None else None
    if above is not None:
        above.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=above, ignore_cleanup_errors=True) as folder:
        unpack(path, Path(folder) / "bundle")
        found = opened(Path(folder) / "bundle", Path(folder) / "work")
        made = list(replay(found.records, found.rebuilding, instead, sku))
        if as_json:
            print_json({"code": found.bundle.code, "answers": [one.facts for one in made]})
        else:
            print_lines([f"packed by Freshet {found.bundle.code}", *(line for one in made for line in lines(one))])
    verdicts = {one.verdict for one in made}
    return OK if verdicts == {"equal"} else FAILED if "not replayable" in verdicts else MISMATCH
