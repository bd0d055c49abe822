"""No secret is ever shown: marked fields, passwords of addresses, refused values."""

from pathlib import Path

import pytest

from schemas.errors import SettingsError
from schemas.secrets import MASK, is_secret, shown, without_keys
from schemas.settings import MODELS, ServingSettings, read, secret_keys

SECRET_WORDS = ("key", "password", "secret", "token")


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_field_that_sounds_secret_is_marked(model: type[ServingSettings]) -> None:
    sounds = {name for name in model.model_fields if any(word in name.split("_") for word in SECRET_WORDS)}
    assert sounds == {name for name, field in model.model_fields.items() if is_secret(field)}


def test_a_secret_is_in_no_repr() -> None:
    settings = read(ServingSettings, {"FRESHET_ADMIN_KEY": "k3y-material"})
    assert settings.admin_key == "k3y-material"
    assert "k3y-material" not in repr(settings) and "k3y-material" not in str(settings)
    of_a_store = {f"snapshot_store_{name}" for name in ("access_key_id", "secret_access_key", "session_token")}
    assert secret_keys() == {"admin_key", *of_a_store}


def test_a_refused_secret_is_not_quoted(tmp_path: Path) -> None:
    config = tmp_path / "freshet.toml"
    config.write_text("admin_key = 20260131\n")
    with pytest.raises(SettingsError, match="FRESHET_ADMIN_KEY") as raised:
        read(ServingSettings, {}, config)
    assert "20260131" not in raised.value.message and MASK in raised.value.message


@pytest.mark.parametrize(
    ("value", "secret", "expected"),
    [
        ("k3y", True, MASK),
        ("", True, ""),
        ("redis://me:p4ss@host:6379/0", False, f"redis://me:{MASK}@host:6379/0"),
        ("https://:p4ss@mirror/maven", False, f"https://:{MASK}@mirror/maven"),
        ("redis://host:6379/0", False, "redis://host:6379/0"),
        (["http://a:1", "http://u:p@b:2"], False, f"http://a:1,http://u:{MASK}@b:2"),
        (None, False, ""),
        (0, False, "0"),
        ("redis://:p@ss@host:6379/0", False, f"redis://:{MASK}@host:6379/0"),
        ("redis://host:6379/0?password=geheim&db=1", False, f"redis://host:6379/0?password={MASK}&db=1"),
    ],
)
def test_shown(value: object, secret: bool, expected: str) -> None:
    assert shown(value, secret) == expected


KEY = "fk_a0b1c2d3_" + "0123456789abcdef" * 4
OTHER = "bm90IGEga2V5LCBidXQgbG9va3MgbGlrZSBvbmU="


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (f"the key {KEY} is gone", f"the key fk_a0b1c2d3_{MASK} is gone"),
        (KEY[:40], f"fk_a0b1c2d3_{MASK}"),
        (f"GET /1/x?x-algolia-api-key={OTHER}&page=2 HTTP/1.1", f"GET /1/x?x-algolia-api-key={MASK}&page=2 HTTP/1.1"),
        (f"GET /1/x?X-Algolia-API-Key={KEY}", f"GET /1/x?X-Algolia-API-Key={MASK}"),
        (f"Authorization: Bearer {OTHER}, Host: a", f"Authorization: Bearer {MASK}, Host: a"),
        (f"{{'X-Freshet-Key': '{OTHER}', 'Host': 'a'}}", f"{{'X-Freshet-Key': '{MASK}', 'Host': 'a'}}"),
        (f'{{"x-freshet-key": "{OTHER}"}}', f'{{"x-freshet-key": "{MASK}"}}'),
        ("a line about keys and bearers of lamps", "a line about keys and bearers of lamps"),
        ("fk_a0b1c2d3 was revoked", "fk_a0b1c2d3 was revoked"),
    ],
)
def test_nothing_that_looks_like_a_key_is_left(text: str, left: str) -> None:
    assert without_keys(text) == left
