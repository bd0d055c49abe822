"""What `freshet snapshot` does with the snapshots in the shards' folders and in the store."""

import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from freshet.exit_codes import MISMATCH, OK
from freshet.printing import print_json, print_lines, say
from freshet.progress import duration
from freshet.running import data_folder
from freshet.snapshot_places import Place, places
from freshet.status.table import size
from index_snapshots.compare import Difference, Rows, compare
from index_snapshots.fetching import fetch
from index_snapshots.folder import FROM_LOG, owned, replica_folder, shard_folder
from index_snapshots.inventory import Stored
from index_snapshots.manifest import Manifest
from index_snapshots.progress import now_and_then
from index_snapshots.putting_back import PutBack, put_back, remove_later
from index_snapshots.restore import check_age
from schemas.errors import InvalidRequest, StateRefused
from schemas.settings import ShardSettings, read


def list_snapshots(partition: int | None, replica: int | None, in_store: bool, data: Path | None, as_json: bool) -> int:
    """Files that are missing or cut are named; exit code 4 is left to `verify`."""
    _show([(place, place.look(False)) for place in places(partition, replica, data, in_store)], as_json)
    return OK


def verify_snapshots(
    snapshot: str | None, partition: int | None, replica: int | None, in_store: bool, data: Path | None, as_json: bool
) -> int:
    """MISMATCH when a file is not what was written."""
    chosen = []
    for place in places(partition, replica, data, in_store):
        found = [one for one in place.look(True) if snapshot in (None, identity(one.name), one.name)]
        chosen.append((place, found))
    if snapshot is not None and not any(found for _, found in chosen):
        raise _unknown(snapshot)
    _show(chosen, as_json)
    return MISMATCH if any(one.damages for _, found in chosen for one in found) else OK


def restore_snapshot(
    snapshot: str, partition: int, replica: int, in_store: bool, data: Path | None, as_json: bool
) -> int:
    """Raises StateRefused while a shard process owns the folder, or when the snapshot is damaged."""
    if in_store:
        done = _from_store(snapshot, partition, replica, data)
    else:
        place = places(partition, replica, data, in_store)[0]
        assert place.folder is not None
        with owned(place.folder):
            found = place.look(True)
            done = put_back(place.folder, found, _named(found, snapshot).name, now_ms())
    removed = [identity(name) for name in done.removed]
    if as_json:
        which = {"partition": partition, "replica": replica, "snapshot": snapshot}
        print_json({**which, **_facts(done.manifest), "removed": removed})
    else:
        offset, products = done.manifest.documents_offset, done.manifest.counts[2]
        shard = f"shard {partition}" + (f", replica {replica}" if replica else "")
        print_lines(
            [
                f"{shard} starts from snapshot {snapshot}: {products:,} products, documents up to {offset:,}",
                f"{len(removed)} newer snapshots were removed: {', '.join(removed) or 'none'}",
            ]
        )
    return OK


def _from_store(snapshot: str, partition: int, replica: int, data: Path | None) -> PutBack:
    """Fetches it into the shard's folder, which is made when it is missing."""
    generation = read(ShardSettings, os.environ).generation
    folder = shard_folder(replica_folder(data_folder(data, os.environ), replica), generation, partition)
    having = []
    for place in places(partition, None, None, in_store=True):
        assert place.shelf is not None
        having += [(place.shelf, name) for name in place.shelf.manifests() if snapshot in (identity(name), name)]
    if not having:
        raise _unknown(snapshot)
    if len(having) > 1:
        names = ", ".join(shelf.folder for shelf, _ in having)
        raise InvalidRequest("ambiguous", f"several shards of the store have a snapshot {snapshot}: {names}")
    ((shelf, name),) = having
    with owned(folder):
        manifest = shelf.manifest(name)
        check_age(manifest, now_ms())
        here = fetch(shelf, manifest, folder, now_and_then(_tell))
        for line in here.missing:
            say(line)
        (folder / FROM_LOG).unlink(missing_ok=True)
        return PutBack(manifest, remove_later(folder, here.name, manifest))


def prune_snapshots(
    keep: int | None,
    dry_run: bool,
    partition: int | None,
    replica: int | None,
    in_store: bool,
    data: Path | None,
    as_json: bool,
) -> int:
    """Raises StateRefused while a shard process owns a folder (that prunes by itself); a dry run only reads."""
    settings = read(ShardSettings, os.environ)
    number = keep or (settings.snapshot_store_keep if in_store else settings.snapshots_keep)
    results = []
    for place in places(partition, replica, data, in_store):
        pruned = place.prune(number, now_ms(), dry_run)
        results.append(
            {
                "partition": place.partition,
                "replica": place.replica,
                "kept": {identity(name): why for name, why in pruned.stays.items()},
                "removed": [identity(name) for name in pruned.snapshots],
                "files": pruned.files,
                "bytes": pruned.size,
                "done": not dry_run,
            }
        )
        if not as_json:
            print_lines(_pruned(place.name, results[-1]))
    if as_json:
        print_json(results)
    return OK


def diff_snapshots(
    first: str, second: str, partition: int, replica: int, in_store: bool, data: Path | None, as_json: bool
) -> int:
    """Raises StateRefused when a manifest, or a file that has to be read, is damaged."""
    place = places(partition, replica, data, in_store)[0]
    found = place.look(False)
    one, other = (_readable(_named(found, snapshot)) for snapshot in (first, second))
    difference = compare(one, other, place.read)
    if as_json:
        print_json(as_object(first, second, difference))
    else:
        print_lines(diff_lines(first, second, difference))
    return OK


def identity(name: str) -> str:
    """How a person names a snapshot: manifest-000000000012.json is 12; in the store its offsets and lineage."""
    *numbers, last = name.removeprefix("manifest-").removesuffix(".json").split("-")
    if numbers:
        return "-".join([*(number.lstrip("0") or "0" for number in numbers), last])
    return last.lstrip("0") or last


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
        "cluster_id": manifest.origin.cluster_id,
        "encoder": manifest.origin.encoder,
        "lineage": manifest.lineage,
        "bytes": sum({file.name: file.size for file in manifest.files.values()}.values()),
        "format": manifest.format_version,
    }


def _show(found: list[tuple[Place, list[Stored]]], as_json: bool) -> None:
    if as_json:
        print_json([_one(place, one) for place, stored in found for one in stored])
    else:
        print_lines(_table(found))


def _one(place: Place, one: Stored) -> dict[str, Any]:
    facts = _facts(one.manifest) if one.manifest else {}
    which = {"partition": place.partition, "replica": place.replica, "snapshot": identity(one.name)}
    return {**which, **facts, "damages": list(one.damages)}


def _table(found: list[tuple[Place, list[Stored]]]) -> Iterator[str]:
    if not any(stored for _, stored in found):
        yield "no snapshot yet: a shard writes one at each multiple of FRESHET_SNAPSHOT_EVERY_RECORDS documents"
        return
    names = [identity(one.name) for _, stored in found for one in stored]
    width = max(len("snapshot"), *map(len, names))
    yield (
        f"{'shard':>5} {'replica':>7} {'snapshot':>{width}}  {'written':19} {'documents':>12} {'offers':>12} "
        f"{'products':>11} {'size':>8}"
    )
    for place, stored in found:
        replica = "store" if place.replica is None else place.replica
        for one in stored:
            begin = f"{place.partition:>5} {replica:>7} {identity(one.name):>{width}}  "
            yield begin + ("cannot be read" if one.manifest is None else _columns(one.manifest))
            yield from (f"      ! {says}" for says in one.damages)


def _columns(manifest: Manifest) -> str:
    facts = _facts(manifest)
    return (
        f"{_when(manifest.written_ms):19} {facts['documents_offset']:>12,} {facts['offers_offset']:>12,} "
        f"{facts['products']:>11,} {size(facts['bytes']):>8}"
    )


def _when(time_ms: int) -> str:
    return datetime.fromtimestamp(time_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")


def _pruned(shard: str, result: dict[str, Any]) -> Iterator[str]:
    word = "removed" if result["done"] else "would be removed"
    names = ", ".join(result["removed"]) or "none"
    of = "" if result["bytes"] is None else f" of {size(result['bytes'])}"
    yield f"{shard}: {names} {word}, {result['files']} files{of}"
    yield from (f"  {name} stays: {why}" for name, why in result["kept"].items())


def _tell(done: int, total: int, left_s: float) -> None:
    say(f"{size(done)} of {size(total)}, {duration(left_s)} left")


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
