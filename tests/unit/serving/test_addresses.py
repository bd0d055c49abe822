"""Addresses from the setting and from names."""

import pytest

from serving.addresses import ADDRESSES_MAX, Addresses, resolve_by_dns
from tests.unit.serving.fakes import Lines


class Names:
    """Resolves to what is set; an error is raised."""

    def __init__(self) -> None:
        self.found: list[str] | OSError = []

    async def __call__(self, host: str, port: int) -> list[str]:
        if isinstance(self.found, OSError):
            raise self.found
        return [f"http://{address}:{port}" for address in self.found]


NAME = "dns://shard-0:9100"


async def test_configured_ones_stay_and_a_name_stands_for_all_it_resolves_to() -> None:
    names, log = Names(), Lines()
    addresses = Addresses([["http://a:1", NAME], ["http://b:2"]], names)
    assert addresses.of(0) == ["http://a:1"], "a name that has not been resolved stands for nothing"
    names.found = ["10.0.0.2", "10.0.0.1", "10.0.0.2"]
    await addresses.refresh(NAME, log)
    assert addresses.of(0) == ["http://a:1", "http://10.0.0.1:9100", "http://10.0.0.2:9100"]
    assert addresses.of(1) == ["http://b:2"]
    assert addresses.number(0, "http://a:1") == 0
    assert addresses.number(0, "http://10.0.0.1:9100") is None
    names.found = ["10.0.0.3"]
    await addresses.refresh(NAME, log)
    await addresses.refresh(NAME, log)
    assert addresses.of(0) == ["http://a:1", "http://10.0.0.3:9100"]
    assert [event for _, event, _ in log.lines] == ["name_resolved", "name_resolved"]


@pytest.mark.parametrize("broken", [OSError("no such name"), []])
async def test_a_name_that_does_not_resolve_keeps_the_last(broken: list[str] | OSError) -> None:
    names, log = Names(), Lines()
    addresses = Addresses([[NAME]], names)
    names.found = ["10.0.0.1"]
    await addresses.refresh(NAME, log)
    names.found = broken
    for _ in range(2):
        await addresses.refresh(NAME, log)
    assert addresses.of(0) == ["http://10.0.0.1:9100"]
    warnings = [event for level, event, _ in log.lines if level == "warning"]
    assert warnings == (["name_not_resolved"] if isinstance(broken, OSError) else [])


async def test_so_many_addresses_and_one_more() -> None:
    names = Names()
    addresses = Addresses([[NAME]], names)
    for count in (ADDRESSES_MAX, ADDRESSES_MAX + 1):
        names.found = [f"10.0.0.{number}" for number in range(count)]
        await addresses.refresh(NAME, Lines())
        assert len(addresses.of(0)) == ADDRESSES_MAX


async def test_the_system_resolves() -> None:
    assert "http://127.0.0.1:9100" in await resolve_by_dns("localhost", 9100)
    with pytest.raises(OSError, match=r".+"):
        await resolve_by_dns("no-such-name.invalid", 9100)
