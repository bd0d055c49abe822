"""Settings: variables over file over defaults; what is unknown or out of range is refused by name."""

from pathlib import Path
from typing import Literal

import pytest

from schemas.errors import SettingsError
from schemas.settings import (
    KEPT_DAYS_MAX,
    MODELS,
    CatalogSettings,
    ServingSettings,
    ShardSettings,
    as_environ,
    read,
    refuse_open_door,
    refuse_open_endpoint,
)


def test_variables_win_over_the_file_and_the_file_over_defaults(tmp_path: Path) -> None:
    config = tmp_path / "freshet.toml"
    config.write_text("port = 9000\nsearch_budget_ms = 100\ncatalog_batch_max = 7\n")
    settings = read(ServingSettings, {"FRESHET_PORT": "9001", "FRESHET_CONFIG": str(config)})
    assert (settings.port, settings.search_budget_ms, settings.host) == (9001, 100, "127.0.0.1")
    assert read(CatalogSettings, {}, config).catalog_batch_max == 7


def test_an_unknown_variable_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(SettingsError, match="FRESHET_KAFKAS") as caught:
        read(ServingSettings, {"FRESHET_KAFKAS": "x"})
    assert "FRESHET_KAFKA" in caught.value.hint


def test_an_unknown_key_of_the_file_is_refused(tmp_path: Path) -> None:
    config = tmp_path / "freshet.toml"
    config.write_text("prot = 9000\n")
    with pytest.raises(SettingsError, match="prot") as caught:
        read(ServingSettings, {}, config)
    assert "port" in caught.value.hint


def test_a_file_that_is_not_there_or_not_toml_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"nowhere\.toml"):
        read(ServingSettings, {}, tmp_path / "nowhere.toml")
    broken = tmp_path / "broken.toml"
    broken.write_text("port = ")
    with pytest.raises(SettingsError, match=r"broken\.toml"):
        read(ServingSettings, {}, broken)


@pytest.mark.parametrize(
    ("value", "good"), [("0", True), ("65535", True), ("65536", False), ("-1", False), ("x", False)]
)
def test_a_port_has_a_range(value: str, good: bool) -> None:
    if good:
        assert read(ServingSettings, {"FRESHET_PORT": value}).port == int(value)
    else:
        with pytest.raises(SettingsError, match="FRESHET_PORT"):
            read(ServingSettings, {"FRESHET_PORT": value})


def test_deletes_are_remembered_longer_than_what_could_come_again() -> None:
    assert read(CatalogSettings, {"FRESHET_DELETE_MEMORY_DAYS": str(KEPT_DAYS_MAX + 0.1)})
    with pytest.raises(SettingsError, match="DELETE_MEMORY_DAYS"):
        read(CatalogSettings, {"FRESHET_DELETE_MEMORY_DAYS": str(KEPT_DAYS_MAX)})


def test_lists_are_separated_by_commas_and_read_back() -> None:
    values = {"shards": ["a:1|b:2", "c:3"], "shard_partitions": [0, 2]}
    environ = as_environ(values)
    assert read(ServingSettings, environ).shards == values["shards"]
    assert read(ShardSettings, environ).shard_partitions == values["shard_partitions"]


@pytest.mark.parametrize("model", MODELS)
def test_the_defaults_are_valid(model: type[ServingSettings]) -> None:
    assert model().model_dump() == read(model, {}).model_dump()


@pytest.mark.parametrize(
    ("host", "key", "good"),
    [
        ("127.0.0.1", "", True),
        ("localhost", "", True),
        ("::1", "", True),
        ("0.0.0.0", "", False),
        ("::", "", False),
        ("shop.example", "", False),
        ("0.0.0.0", "secret", True),
    ],
)
def test_only_loopback_is_served_without_a_key(host: str, key: str, good: bool) -> None:
    if good:
        refuse_open_door(host, key)
    else:
        with pytest.raises(SettingsError, match="no admin_key"):
            refuse_open_door(host, key)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_loopback_endpoints_need_no_permission(host: str) -> None:
    refuse_open_endpoint("worker", host, allowed=False)


@pytest.mark.parametrize(("kind", "variable"), [("worker", "FRESHET_WORKER_OPEN"), ("shard", "FRESHET_SHARD_OPEN")])
def test_an_endpoint_without_keys_is_open_only_when_that_is_said(
    kind: Literal["shard", "worker"], variable: str
) -> None:
    refuse_open_endpoint(kind, "0.0.0.0", allowed=True)
    with pytest.raises(SettingsError, match=f"{kind}_host 0.0.0.0 is not loopback") as refused:
        refuse_open_endpoint(kind, "0.0.0.0", allowed=False)
    assert variable in refused.value.hint
