"""Packs answers with all that makes them again elsewhere: records, snapshots, and the log after those."""

import base64
import os
import tarfile
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import xxhash

from index_snapshots.protocol import Offsets
from replay.answers.replaying import stops
from replay.answers.slices import why_not
from replay.bundles.contents import (
    BUNDLE_BYTES_MAX,
    CONTENTS,
    SERVED,
    Bundle,
    BundledPart,
    Line,
    log_file,
)
from replay.shards.bases import Base, nearest
from replay.shards.rebuilding import Rebuilding, Shard
from replay.shards.rebuilt import TOPICS
from replay.shards.stops import Stop, first_of
from schemas.errors import StateRefused
from schemas.served import Served
from serving.heard_record import sums


class Needed(NamedTuple):
    """To rebuild one shard."""

    shard: Shard
    base: Base | None
    """None: the log from its beginning."""
    begin: Offsets
    end: Offsets


def pack(records: Sequence[Served], rebuilding: Rebuilding, folder: Path, salt: bytes) -> Bundle:
    """Lays all of it into an empty folder. Raises StateRefused where an answer cannot be made again."""
    place, parts = rebuilding.place, list[BundledPart]()
    needs = needed(records, rebuilding)
    for number, base in enumerate(one.base for one in needs if one.base is not None):
        base.bring(folder / "base" / str(number))
    for partition in sorted({one.shard.partition for one in needs}):
        of_it = [one for one in needs if one.shard.partition == partition]
        for topic in TOPICS:
            begin = min(getattr(one.begin, topic) for one in of_it)
            end = max(getattr(one.end, topic) for one in of_it)
            _write_log(rebuilding, folder / log_file(topic, partition), topic, partition, begin, end)
            parts.append(BundledPart(topic=topic, partition=partition, begin=begin, end=end))
    (folder / SERVED).write_bytes(b"".join(without_sessions(one, salt).encode() + b"\n" for one in records))
    bundle = Bundle(
        code=version("freshet"),
        made_ms=place.now_ms(),
        generation=rebuilding.generation,
        partitions=max((one.shard.partition for one in needs), default=0) + 1,
        cluster_id=rebuilding.cluster.cluster_id,
        topic_ids=rebuilding.cluster.topic_ids,
        recall=place.pacing.recall,
        digest_every=place.digest_every,
        parts=parts,
        bases=[f"base/{number}" for number in range(sum(one.base is not None for one in needs))],
    )
    (folder / CONTENTS).write_bytes(bundle.encode())
    return bundle


def needed(records: Sequence[Served], rebuilding: Rebuilding) -> list[Needed]:
    """Raises StateRefused where an answer cannot be made again."""
    asked: dict[Shard, list[Stop]] = {}
    for record in records:
        if (why := why_not(record)) or record.inputs is None or record.inputs.heard is None:
            raise StateRefused(f"{record.request_id} cannot be made again: {why}")
        for shard, stop in stops(record.inputs.heard):
            asked.setdefault(shard, []).append(stop)
    return [_needed(shard, of_it, rebuilding) for shard, of_it in sorted(asked.items())]


def _needed(shard: Shard, asked: Sequence[Stop], rebuilding: Rebuilding) -> Needed:
    documents = min(first_of([stop]).documents for stop in asked)
    begin = Offsets(documents, min(stop.offsets.offers for stop in asked))
    end = Offsets(max(stop.offsets.documents for stop in asked), max(stop.offsets.offers for stop in asked))
    base = nearest(rebuilding.bases, shard.partition, begin, shard.lineage)
    if base is not None:
        return Needed(shard, base, base.offsets, end)
    if rebuilding.from_log(shard.partition) is None:
        raise StateRefused(rebuilding.too_old(shard.partition, begin))
    return Needed(shard, None, Offsets(0, 0), end)


def without_sessions(record: Served, salt: bytes) -> Served:
    """Each session by a pseudonym, the same within the bundle; the sum of what was asked is made anew where it held."""
    inputs = record.inputs
    if record.session is None or inputs is None or inputs.heard is None:
        return record
    name, heard = f"session-{xxhash.xxh3_64_hexdigest(salt + record.session.encode())}", inputs.heard
    other = heard.model_copy(update={"asked": heard.asked.model_copy(update={"session": name})})
    if heard.sums.get("asked") == sums(heard)["asked"]:
        other = other.model_copy(update={"sums": {**heard.sums, "asked": sums(other)["asked"]}})
    return record.model_copy(update={"session": name, "inputs": inputs.model_copy(update={"heard": other})})


def _write_log(rebuilding: Rebuilding, path: Path, topic: str, partition: int, begin: int, end: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    place = rebuilding.place
    name = next(found for base, found in place.names.items() if base == topic)
    with path.open("wb") as file:
        for records in place.open_log().read(name, partition, begin, end):
            for one in records:
                line = Line(
                    offset=one.offset, key=_text(one.key), value=_text(one.value), timestamp_ms=one.timestamp_ms
                )
                file.write(line.encode() + b"\n")
            if file.tell() > BUNDLE_BYTES_MAX:
                raise StateRefused(f"the log of {topic} alone would take more than {BUNDLE_BYTES_MAX:,} bytes")


def _text(data: bytes | None) -> str | None:
    return None if data is None else base64.b64encode(data).decode()


def write_tar(folder: Path, output: Path, bytes_max: int = BUNDLE_BYTES_MAX) -> int:
    """Beside it first, then in one step; returns how many bytes were packed. Raises StateRefused for too many."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    packed = sum(path.stat().st_size for path in files)
    if packed > bytes_max:
        raise StateRefused(f"the bundle would hold {packed:,} bytes, at most {bytes_max:,} are packed")
    beside = output.with_name(f"{output.name}.part")
    try:
        with tarfile.open(beside, "w:gz", compresslevel=6) as tar:
            for path in files:
                tar.add(path, path.relative_to(folder).as_posix(), filter=_nobodys)
        os.replace(beside, output)
    finally:
        beside.unlink(missing_ok=True)
    return packed


def _nobodys(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """Names no person of this machine."""
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    return member
