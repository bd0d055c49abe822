"""`freshet keys`: a key is shown once, works until it ends, and the audit log says who made it."""

import json
from pathlib import Path
from typing import Any

import pytest

from freshet.run_keys import Wanted, create_key, list_keys, revoke_key, rotate_key
from schemas.errors import InvalidRequest
from schemas.keys import KEYS_MAX, KeyFile
from serving.keys.key_file import change_keys, read_keys
from serving.keys.ring import KeyRing
from serving.problems import Refusal

PLAIN = Wanted(("search",), "shop", "", "", "", None, ())
DAY_MS = 86_400_000


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("FRESHET_KEYS", "FRESHET_CONFIG", "FRESHET_FACETS"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def ring(data: Path, at_ms: int) -> KeyRing:
    found = KeyRing("", True, "tenant", lambda: at_ms)
    found.use(read_keys(data / "keys.json").keys)
    return found


def made(data: Path, capsys: pytest.CaptureFixture[str], **more: object) -> dict[str, Any]:
    assert create_key(PLAIN._replace(**more), data, True) == 0  # type: ignore[arg-type]
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_a_key_is_shown_once_and_only_its_hash_is_kept(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert create_key(PLAIN, data, False) == 0
    shown = capsys.readouterr()
    key = shown.out.strip()
    assert key.startswith("fk_") and key not in shown.err and "only time" in shown.err
    list_keys(data, False)
    list_keys(data, True)
    kept = capsys.readouterr().out + "".join(path.read_text() for path in data.iterdir())
    assert key[3:11] in kept and key[12:] not in kept
    grant = ring(data, 0).find(key)
    assert grant is not None and grant.scopes == {"search"}


def test_two_keys_are_valid_while_one_follows_the_other(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old = made(data, capsys, rate_per_s=5.0, scopes=("search", "events"))
    assert rotate_key(old["id"], "2d", data, True) == 0
    new = json.loads(capsys.readouterr().out)
    same = ("name", "scopes", "rate_per_s")
    assert [new[name] for name in same] == [old[name] for name in same] and new["key"] != old["key"]
    now = ring(data, new["created_ms"])
    assert now.find(old["key"]) and now.find(new["key"])
    later = ring(data, new["created_ms"] + 2 * DAY_MS + 1_000)
    assert later.find(new["key"])
    with pytest.raises(Refusal, match="expired"):
        later.find(old["key"])


def test_a_key_that_would_end_before_is_not_kept_longer(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old = made(data, capsys, expires="1h")
    rotate_key(old["id"], "7d", data, True)
    assert read_keys(data / "keys.json").keys[0].expires_ms == old["expires_ms"]


def test_a_revoked_key_is_refused_and_cannot_be_rotated(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    key = made(data, capsys)
    assert revoke_key(key["id"], data, False) == 0
    first = read_keys(data / "keys.json")
    assert revoke_key(key["id"], data, False) == 0 and read_keys(data / "keys.json") == first
    with pytest.raises(Refusal, match="revoked"):
        ring(data, 0).find(key["key"])
    with pytest.raises(InvalidRequest, match="is revoked"):
        rotate_key(key["id"], "7d", data, True)
    with pytest.raises(InvalidRequest, match="no key"):
        revoke_key("nokey000", data, True)


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"scopes": ("write",)}, "scopes"),
        ({"expires": "soon"}, "expires"),
        ({"expires": "2001-01-01"}, "over already"),
        ({"filters": "{"}, "JSON"),
        ({"filters": '{"colour": "red"}'}, "colour"),
        ({"rate_per_s": -1.0}, "rate_per_s"),
        ({"referers": ("https://",)}, "referers"),
        ({"tenant": "t", "scopes": ("ingest",)}, "scopes search and events alone"),
    ],
)
def test_what_cannot_be_given_is_named_and_nothing_is_kept(data: Path, more: dict[str, object], says: str) -> None:
    with pytest.raises(InvalidRequest, match=says):
        create_key(PLAIN._replace(**more), data, True)  # type: ignore[arg-type]
    assert read_keys(data / "keys.json") == KeyFile()


def test_no_more_than_so_many(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made(data, capsys)
    full = read_keys(data / "keys.json").keys * (KEYS_MAX - 1)
    change_keys(data / "keys.json", lambda _: KeyFile(keys=full))
    made(data, capsys)
    with pytest.raises(InvalidRequest, match=str(KEYS_MAX)):
        create_key(PLAIN, data, True)


def test_a_tenant_without_its_attribute_is_noted(
    data: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    create_key(PLAIN._replace(tenant="a"), data, False)
    assert "FRESHET_FACETS=tenant:value" in capsys.readouterr().err
    monkeypatch.setenv("FRESHET_FACETS", "tenant:value")
    create_key(PLAIN._replace(tenant="a"), data, False)
    assert "FRESHET_FACETS" not in capsys.readouterr().err


def test_who_made_and_ended_which_key_is_written_down(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    key = made(data, capsys)
    rotate_key(key["id"], "1m", data, True)
    revoke_key(key["id"], data, True)
    lines = [json.loads(line) for line in (data / "audit.jsonl").read_text().splitlines()]
    assert [line["action"] for line in lines] == ["key_created", "key_rotated", "key_revoked"]
    assert lines[1]["instead_of"] == lines[2]["key"]["id"] == key["id"]
    assert all(line["who"].startswith("user ") and line["at_ms"] > 0 for line in lines)
