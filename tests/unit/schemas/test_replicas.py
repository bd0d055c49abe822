"""The addresses of the shards are read from the setting, or refused with the setting's name."""

import pytest

from schemas.errors import SettingsError
from schemas.replicas import by_any_address, host_and_port, parse_replicas


def test_addresses_are_read_from_the_setting() -> None:
    assert parse_replicas(["127.0.0.1:1|http://b:2/", "c:3"], 2) == [
        ["http://127.0.0.1:1", "http://b:2"],
        ["http://c:3"],
    ]


@pytest.mark.parametrize(("shards", "partitions"), [([], 1), (["a:1"], 2), (["a:1", ""], 2), (["|"], 1)])
def test_every_partition_needs_one(shards: list[str], partitions: int) -> None:
    with pytest.raises(SettingsError, match="FRESHET_SHARDS"):
        parse_replicas(shards, partitions)


def test_a_name_stands_for_its_addresses() -> None:
    replicas = parse_replicas(["dns://shard-0.freshet:9100|a:1"], 1)
    assert replicas == [["dns://shard-0.freshet:9100", "http://a:1"]]
    assert host_and_port(replicas[0][0]) == ("shard-0.freshet", 9100)
    assert by_any_address(replicas) == [["http://shard-0.freshet:9100", "http://a:1"]]


@pytest.mark.parametrize("address", ["dns://shard-0", "dns://:9100", "dns://a:0", "dns://a:65536", "dns://a:x"])
def test_a_name_needs_a_port(address: str) -> None:
    with pytest.raises(SettingsError, match="FRESHET_SHARDS"):
        parse_replicas([address], 1)
