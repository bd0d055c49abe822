"""The addresses of the shards are read from the setting, or refused with the setting's name."""

import pytest

from schemas.errors import SettingsError
from schemas.replicas import parse_replicas


def test_addresses_are_read_from_the_setting() -> None:
    assert parse_replicas(["127.0.0.1:1|http://b:2/", "c:3"], 2) == [
        ["http://127.0.0.1:1", "http://b:2"],
        ["http://c:3"],
    ]


@pytest.mark.parametrize(("shards", "partitions"), [([], 1), (["a:1"], 2), (["a:1", ""], 2), (["|"], 1)])
def test_every_partition_needs_one(shards: list[str], partitions: int) -> None:
    with pytest.raises(SettingsError, match="FRESHET_SHARDS"):
        parse_replicas(shards, partitions)
