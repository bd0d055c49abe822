"""What `freshet snapshot` does with the snapshots in the shards' folders."""

import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from freshet.exit_codes import MISMATCH, OK
from freshet.printing import print_json, print_lines
from freshet.remedies import shard_name
from freshet.running import data_folder
from freshet.status.table import size
from index_snapshots.compare import Difference, Rows, compare, read_part
from index_snapshots.folder import Steps, owned
from index_snapshots.inventory import ShardPlace, Stored, shard_folders, snapshots
from index_snapshots.manifest import Manifest
from index_snapshots.pruning import plan, prune
from index_snapshots.putting_back import put_back
from schemas.errors import InvalidRequest, StateRefused
from schemas.settings import ShardSettings, read


def list_snapshots(partition: int | None, replica: int | None, data: Path | None, as_json: bool) -> int:
    """Damage that the sizes of files show is named; exit code 4 is left to `verify`."""
    found = [(place, snapshots(place.folder, every_byte=False)) for place in places(partition, replica, data)]
    _show(found, as_json)
    return OK


def verify_snapshots(
    snapshot: str | None, partition: int | None, replica: int | None, data: Path | None, as_json: bool
) -> int:
    """MISMATCH when a file is not what was written."""
    chosen = []
    for place in places(partition, replica, data):
        found = snapshots(place.folder, every_byte=True)
        if snapshot is not None:
            found = [one for one in found if identity(one.name) == snapshot]
        chosen.append((place, found))
    if snapshot is not None and not any(found for _, found in chosen):
        raise _unknown(snapshot)
    _show(chosen, as_json)
    return MISMATCH if any(one.damages for _, found in chosen for one in found) else OK


def restore_snapshot(snapshot: str, partition: int, replica: int, data: Path | None, as_json: bool) -> int:
    """Raises StateRefused while a shard process owns the folder, or when the snapshot is damaged."""
    (place,) = places(partition, replica, data)
    with owned(place.folder):
        found = snapshots(place.folder, every_byte=True)
        done = put_back(place.folder, found, _named(found, snapshot).name, now_ms())
    removed = [identity(name) for name in done.removed]
    if as_json:
        print_json(
            {
                "partition": partition,
                "replica": replica,
                "snapshot": snapshot,
                **_facts(done.manifest),
                "removed": removed,
            }
        )
    else:
        shard, rows, offset = shard_name(partition, replica), done.manifest.counts[2], done.manifest.documents_offset
        print_lines(
            [
                f"{shard} starts from snapshot {snapshot}: {rows:,} products, documents up to {offset:,}",
                f"{len(removed)} newer snapshots were removed: {', '.join(removed) or 'none'}",
            ]
        )
    return OK


def prune_snapshots(
    keep: int | None, dry_run: bool, partition: int | None, replica: int | None, data: Path | None, as_json: bool
) -> int:
    """Raises StateRefused while a shard process owns a folder (that prunes by itself); a dry run only reads."""
    number = read(ShardSettings, os.environ).snapshots_keep if keep is None else keep
    results = []
    for place in places(partition, replica, data):
        if dry_run:
            planned = plan(place.folder, number, now_ms(), every_byte=True)
        else:
            with owned(place.folder):
                planned = plan(place.folder, number, now_ms(), every_byte=True)
                prune(place.folder, planned, Steps(lambda number: None))
        results.append(
            {
                "partition": place.partition,
                "replica": place.replica,
                "kept": {identity(name): why for name, why in planned.stays.items()},
                "removed": [identity(name) for name in planned.manifests],
                "files": len(planned.files),
                "bytes": planned.size,
                "done": not dry_run,
            }
        )
    if as_json:
        print_json(results)
    else:
        print_lines(line for result in results for line in _pruned(result))
    return OK


def diff_snapshots(first: str, second: str, partition: int, replica: int, data: Path | None, as_json: bool) -> int:
    """Raises StateRefused when a manifest, or a file that has to be read, is damaged."""
    (place,) = places(partition, replica, data)
    found = snapshots(place.folder, every_byte=False)
    one, other = (_readable(_named(found, snapshot)) for snapshot in (first, second))
    difference = compare(one, other, read_part(place.folder))
    if as_json:
        print_json(as_object(first, second, difference))
    else:
        print_lines(diff_lines(first, second, difference))
    return OK


def places(partition: int | None, replica: int | None, data: Path | None) -> list[ShardPlace]:
    """The folders of this generation's shards. Raises InvalidRequest when there is none."""
    folder, generation = data_folder(data, os.environ), read(ShardSettings, os.environ).generation
    found = [
        shard
        for shard in shard_folders(folder)
        if shard.generation == generation and partition in (None, shard.partition) and replica in (None, shard.replica)
    ]
    if not found:
        which = "no shard" if partition is None else f"no {shard_name(partition, replica or 0)}"
        raise InvalidRequest(
            "no_shard", f"there is {which} in {folder / 'shards'}", hint="freshet status shows the data folder"
        )
    return found


def identity(name: str) -> str:
    """How a person names a snapshot: manifest-000000000012.json is 12."""
    stem = name.removeprefix("manifest-").removesuffix(".json")
    return stem.lstrip("0") or stem


def now_ms() -> int:
    return int(time.time() * 1000)


def _named(found: list[Stored], snapshot: str) -> Stored:
    for one in found:
        if snapshot in (identity(one.name), one.name):
            return one
    raise _unknown(snapshot)


def _unknown(snapshot: str) -> InvalidRequest:
    return InvalidRequest("no_snapshot", f"there is no snapshot {snapshot}", hint="freshet snapshot ls shows them")


def _readable(one: Stored) -> Manifest:
    if one.manifest is None:
        raise StateRefused(one.damage, hint="freshet snapshot ls shows those that can be read")
    return one.manifest


def _facts(manifest: Manifest) -> dict[str, Any]:
    return {
        "written_ms": manifest.written_ms,
        "documents_offset": manifest.documents_offset,
        "offers_offset": manifest.offers_offset,
        "products": manifest.counts[2],
        "lineage": manifest.lineage,
        "bytes": sum({file.name: file.size for file in manifest.files.values()}.values()),
        "format": manifest.format_version,
    }


def _show(found: list[tuple[ShardPlace, list[Stored]]], as_json: bool) -> None:
    if as_json:
        print_json([_one(place, one) for place, stored in found for one in stored])
    else:
        print_lines(_table(found))


def _one(place: ShardPlace, one: Stored) -> dict[str, Any]:
    facts = _facts(one.manifest) if one.manifest else {}
    which = {"partition": place.partition, "replica": place.replica, "snapshot": identity(one.name)}
    return {**which, **facts, "damages": list(one.damages)}


def _table(found: list[tuple[ShardPlace, list[Stored]]]) -> Iterator[str]:
    if not any(stored for _, stored in found):
        yield "no snapshot yet: a shard writes one at each multiple of FRESHET_SNAPSHOT_EVERY_RECORDS documents"
        return
    yield (
        f"{'shard':>5} {'replica':>7} {'snapshot':>9}  {'written':19} {'documents':>12} {'offers':>12} "
        f"{'products':>11} {'size':>8}"
    )
    for place, stored in found:
        for one in stored:
            if one.manifest is None:
                yield f"{place.partition:>5} {place.replica:>7} {identity(one.name):>9}  cannot be read"
            else:
                facts = _facts(one.manifest)
                yield (
                    f"{place.partition:>5} {place.replica:>7} {identity(one.name):>9}  "
                    f"{_when(one.manifest.written_ms):19} "
                    f"{facts['documents_offset']:>12,} {facts['offers_offset']:>12,} {facts['products']:>11,} "
                    f"{size(facts['bytes']):>8}"
                )
            yield from (f"      ! {says}" for says in one.damages)


def _when(time_ms: int) -> str:
    return datetime.fromtimestamp(time_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")


def _pruned(result: dict[str, Any]) -> Iterator[str]:
    word = "removed" if result["done"] else "would be removed"
    names = ", ".join(result["removed"]) or "none"
    shard = shard_name(result["partition"], result["replica"])
    yield f"{shard}: {names} {word}, {result['files']} files of {size(result['bytes'])}"
    yield from (f"  {name} stays: {why}" for name, why in result["kept"].items())


def as_object(first: str, second: str, found: Difference) -> dict[str, Any]:
    return {
        "first": first,
        "second": second,
        "files": found.files._asdict(),
        "bytes": found.bytes._asdict(),
        "products": found.products._asdict(),
        "offers": found.offers._asdict(),
        "parts": [part._asdict() for part in found.parts],
    }


def diff_lines(first: str, second: str, found: Difference) -> Iterator[str]:
    files, sizes = found.files, found.bytes
    yield f"files: {files.both} in both, {files.only_first} only in {first}, {files.only_second} only in {second}"
    yield (
        f"bytes: {size(sizes.both)} in both, {size(sizes.only_first)} only in {first}, "
        f"{size(sizes.only_second)} only in {second}"
    )
    for word, rows in (("products", found.products), ("offers", found.offers)):
        yield f"{word}: {_rows(first, second, rows)}"
    for part in found.parts:
        state = "the same" if part.shared else f"{size(part.first_bytes)} and {size(part.second_bytes)}"
        yield f"  {part.part:12} {state}"


def _rows(first: str, second: str, rows: Rows) -> str:
    return (
        f"{rows.same:,} the same, {rows.changed:,} changed, {rows.only_first:,} only in {first}, "
        f"{rows.only_second:,} only in {second}"
    )
