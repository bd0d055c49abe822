"""The snapshot store as the doctor sees it: a real folder and a real S3 server, and all that can be wrong there."""

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bench.s3_server import S3Server, s3_server
from freshet.doctor import store as check
from freshet.doctor.finding import Finding
from freshet.doctor.place import Place, place_of
from index_snapshots import manifest as manifests
from index_snapshots.folder import shard_folder
from index_snapshots.pace import Pace
from index_snapshots.shelf import Shelf, manifest_name
from index_snapshots.shipping import ship
from index_snapshots.stores import open_store
from schemas.settings import ShardSettings, as_environ
from tests.proxy import Fault, proxy_before
from tests.unit.index_snapshots.making import ORIGIN
from tests.unit.index_snapshots.storing import flip, two_snapshots

FIRST, SECOND = "manifest-000000000001.json", "manifest-000000000002.json"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    with s3_server(tmp_path_factory.mktemp("s3")) as one:
        yield one


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """With two snapshots of shard 0, an hour old."""
    two_snapshots(shard_folder(tmp_path / "data", 1, 0), int((time.time() - 3_600) * 1000))
    return tmp_path / "data"


@pytest.fixture(params=["folder", "s3"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, object]:
    if request.param == "folder":
        (tmp_path / "there").mkdir()
        return {"snapshot_store": str(tmp_path / "there")}
    server: S3Server = request.getfixturevalue("server")
    return server.settings() | {"snapshot_store": f"{server.url}/{tmp_path.name}"}


def place(data: Path, settings: dict[str, object]) -> Place:
    return place_of("", data, as_environ(settings))


def shelf(settings: dict[str, object]) -> Shelf:
    return Shelf.of(open_store(ShardSettings.model_validate(settings), {}), ORIGIN)


def sent(data: Path, settings: dict[str, object], *names: str) -> None:
    for name in names:
        ship(shard_folder(data, 1, 0), name, shelf(settings).store, Pace(0))


def only(found: list[Finding]) -> Finding:
    (one,) = found
    assert one.check == "store" and (one.severity == "ok" or one.remedy)
    return one


def test_all_is_well_and_nothing_is_left_there(data: Path, settings: dict[str, object]) -> None:
    sent(data, settings, FIRST, SECOND)
    before = shelf(settings).store.names("")
    found = only(check.examine(place(data, settings)))
    assert found.severity == "ok" and "answers and can be written" in found.found and "60 min old" in found.found
    assert shelf(settings).store.names("") == before


def test_there_is_none(data: Path) -> None:
    assert only(check.examine(place(data, {}))).severity == "ok"


def test_the_store_that_replicas_share_by_themselves(data: Path) -> None:
    (data / "store").mkdir()
    assert "holds no snapshot of shard 0" in only(check.examine(place(data, {}))).found


def test_nothing_has_come_there(data: Path, settings: dict[str, object]) -> None:
    found = only(check.examine(place(data, settings)))
    assert found.severity == "warning" and "holds no snapshot of shard 0" in found.found and "--data" in found.remedy


@pytest.mark.parametrize(("late_s", "count"), [(-1.0, 0), (1.0, 1)])
def test_what_is_new_is_given_time(data: Path, settings: dict[str, object], late_s: float, count: int) -> None:
    for names in ((), (FIRST,)):
        sent(data, settings, *names)
        facts = check.gather(place(data, settings))
        written_s = facts.shards[0].here.written_ms / 1000
        found = check.judge(replace(facts, now_s=written_s + check.LATE_S + late_s))
        assert sum(one.severity != "ok" for one in found) == count
        assert not count or ("3 documents behind" if names else "holds no snapshot") in found[0].found


def test_damage_that_was_noted(data: Path, settings: dict[str, object]) -> None:
    sent(data, settings, SECOND)
    there = shelf(settings)
    (name,) = there.manifests()
    there.remove(next(one for one in sorted(there.contents().objects) if "heads" in one))
    found = only(check.examine(place(data, settings)))
    assert found.severity == "problem" and "-heads is missing in" in found.found and "prune --store" in found.remedy
    there.remove(name)
    there.store.put_new(there.folder + name, b"nonsense")
    assert "damaged" in only(check.examine(place(data, settings))).found


def test_another_lineage(data: Path, settings: dict[str, object]) -> None:
    manifest = manifests.decode((shard_folder(data, 1, 0) / SECOND).read_bytes(), SECOND)
    other = manifest.model_copy(update={"lineage": "another", "documents_offset": 1_000})
    sent(data, settings, SECOND)
    shelf(settings).put_manifest(manifest_name(other), manifests.encode(other))
    found = only(check.examine(place(data, settings)))
    assert found.severity == "warning" and "of lineage another" in found.found
    assert "freshet shard rebuild --partition 0" in found.remedy


def test_a_bucket_or_folder_that_is_not_there(data: Path, tmp_path: Path, server: S3Server) -> None:
    cases: tuple[tuple[dict[str, object], str], ...] = (
        ({"snapshot_store": str(tmp_path / "nowhere")}, "there is no folder"),
        (server.settings() | {"snapshot_store": "s3://nowhere"}, "has no such bucket"),
        (server.settings() | {"snapshot_store_endpoint": "nonsense"}, "not the URL of a server"),
    )
    for settings, says in cases:
        for folder in (data, tmp_path / "empty"):
            found = only(check.examine(place(folder, settings)))
            assert found.severity == "problem" and says in found.found


def test_a_store_that_may_only_be_read(data: Path, server: S3Server) -> None:
    settings = server.settings() | {"snapshot_store": f"{server.url}/only-read"}
    sent(data, settings, FIRST, SECOND)
    with proxy_before(server.port) as proxy:
        proxy.faults = [Fault("PUT", times=9, status=403, code="AccessDenied")]
        found = only(check.examine(place(data, settings | {"snapshot_store_endpoint": proxy.endpoint})))
    assert found.severity == "problem" and "not written" in found.found and "s3:PutObject" in found.remedy


def test_settings_that_are_wrong_are_left_to_another_check(data: Path) -> None:
    assert only(check.examine(place(data, {"snapshot_store_keep": 0}))).severity == "ok"


def test_damage_here_is_left_to_another_check(data: Path, settings: dict[str, object]) -> None:
    for name in (FIRST, SECOND):
        flip(shard_folder(data, 1, 0) / name)
    assert only(check.examine(place(data, settings))).severity == "ok"
