"""The file of keys: whole or not at all, by one at a time, and what is wrong with it is told."""

import threading
from pathlib import Path

import pytest

from schemas.errors import SettingsError
from schemas.filters import Filters
from schemas.keys import KEY_NAME_CHARS_MAX, KEYS_MAX, REFERERS_MAX, KeyFile, StoredKey
from schemas.metrics import Metrics
from serving.keys.key_file import change_keys, read_keys
from serving.keys.key_watch import KeyWatch
from serving.keys.minting import hash_of, id_in, new_id, new_key
from serving.keys.ring import KeyRing
from tests.unit.serving.fakes import Lines

SOME = {"id": "aaaaaaaa", "name": "n", "sha256": "0" * 64, "scopes": ["search"], "created_ms": 1}


def key(**more: object) -> StoredKey:
    return StoredKey.model_validate(SOME | more)


def with_one(**more: object) -> "KeyFile":
    return KeyFile(keys=[key(**more)])


def test_what_is_stored_is_read_again_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    path = tmp_path / "new" / "keys.json"
    assert read_keys(path) == KeyFile()
    filters = Filters.model_validate({"not": {"brand": ["a"]}, "attributes": {"colour": ["red", True]}})
    stored = change_keys(path, lambda _: with_one(filters=filters, rate_per_s=2.5, referers=["*.shop.example"]))
    assert read_keys(path) == stored
    assert path.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in path.parent.iterdir()].count("keys.json.new") == 0


def test_changes_of_several_at_once_are_all_kept(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"

    def add(number: int) -> None:
        change_keys(path, lambda file: KeyFile(keys=[*file.keys, key(id=f"key{number:05}")]))

    threads = [threading.Thread(target=add, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({each.id for each in read_keys(path).keys}) == 20


def test_a_change_that_fails_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    change_keys(path, lambda _: with_one())

    def fails(_: KeyFile) -> KeyFile:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        change_keys(path, fails)
    assert read_keys(path) == with_one()


@pytest.mark.parametrize(
    "text", ["", "{", '{"format": 2}', '{"keys": [{}]}', '{"keys": 1}', '{"more": 1}', "[]", '{"keys": [{"id": "A"}]}']
)
def test_a_damaged_file_is_refused_by_its_name(tmp_path: Path, text: str) -> None:
    path = tmp_path / "keys.json"
    path.write_text(text)
    with pytest.raises(SettingsError, match=r"keys\.json"):
        read_keys(path)


@pytest.mark.parametrize(
    ("more", "good"),
    [
        ({"name": "n" * KEY_NAME_CHARS_MAX}, True),
        ({"name": "n" * (KEY_NAME_CHARS_MAX + 1)}, False),
        ({"referers": ["a.example"] * REFERERS_MAX}, True),
        ({"referers": ["a.example"] * (REFERERS_MAX + 1)}, False),
        ({"referers": ["https://a.example"]}, True),
        ({"referers": ["https://*.a.example:8080"]}, True),
        ({"referers": ["*"]}, False),
        ({"referers": ["*."]}, False),
        ({"referers": ["https://a.example/path"]}, False),
        ({"referers": ["ftp://a.example"]}, False),
        ({"rate_per_s": 0.01}, True),
        ({"rate_per_s": 0.0}, False),
        ({"tenant": "t", "scopes": ["search", "events"]}, True),
        ({"tenant": "t", "scopes": ["search", "ingest"]}, False),
        ({"filters": Filters(brand=["a"]), "scopes": ["admin"]}, False),
        ({"filters": Filters(all=[Filters(all=[Filters(all=[Filters(brand=["a"])])])])}, True),
        ({"filters": Filters(all=[Filters(all=[Filters(all=[Filters(all=[Filters(brand=["a"])])])])])}, False),
    ],
)
def test_what_a_key_may_be(more: dict[str, object], good: bool) -> None:
    if good:
        assert key(**more)
    else:
        with pytest.raises(ValueError, match="validation error"):
            key(**more)


def test_how_many_keys_there_may_be() -> None:
    assert KeyFile(keys=[key()] * KEYS_MAX)
    with pytest.raises(ValueError, match="at most"):
        KeyFile(keys=[key()] * (KEYS_MAX + 1))


def test_keys_are_long_each_another_and_have_their_id_in_them() -> None:
    made = {new_key(new_id()) for _ in range(100)}
    assert len(made) == 100
    assert all(len(each) > 64 and id_in(each) == each[3:11] for each in made)  # 64: a block of SHA-256
    assert id_in("fk_aaaaaaaa_00") is None and id_in("") is None
    assert len({hash_of(each) for each in made}) == 100


def test_the_ring_follows_the_file_and_what_is_wrong_with_it_changes_nothing(tmp_path: Path) -> None:
    path, ring, metrics, lines = tmp_path / "keys.json", KeyRing("", True, "tenant", lambda: 5), Metrics(), Lines()
    watch = KeyWatch(path, ring, metrics, lines)
    watch.load()
    assert len(ring) == 0
    text = new_key("aaaaaaaa")
    change_keys(path, lambda _: with_one(sha256=hash_of(text)))
    watch.load()
    grant = ring.find(text)
    assert grant and grant.who == "aaaaaaaa"
    for damage in (lambda: path.write_text("{"), path.unlink):
        damage()
        for _ in range(2):
            with pytest.raises(SettingsError):
                watch.load()
            assert metrics.registry.get_sample_value("freshet_keys_refused") == 1
        assert ring.find(text)
    change_keys(path, lambda _: with_one(sha256=hash_of(text)))
    watch.load()
    path.rename(tmp_path / "away")
    with pytest.raises(SettingsError, match="gone"):
        watch.load()
    (tmp_path / "away").rename(path)  # the very same file
    watch.load()
    change_keys(path, lambda _: KeyFile())
    watch.load()
    assert ring.find(text) is None and metrics.registry.get_sample_value("freshet_keys_refused") == 0
    assert text not in str(lines.lines)


def test_a_tier_does_not_open_with_a_damaged_file(tmp_path: Path) -> None:
    (tmp_path / "keys.json").write_text("{")
    ring = KeyRing("", False, "tenant", lambda: 5)
    with pytest.raises(SettingsError, match="damaged"):
        KeyWatch(tmp_path / "keys.json", ring, Metrics(), Lines()).load()
