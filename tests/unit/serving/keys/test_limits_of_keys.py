"""How often, from which site, and from which address: the limits of keys and of addresses at n and n+1."""

from ipaddress import ip_address
from typing import Any

import pytest
from aiohttp.test_utils import make_mocked_request

from serving.keys.access import comes_from
from serving.keys.client_address import client_address, one_client
from serving.keys.minting import new_key
from serving.keys.rates import Rates
from tests.unit.serving.fakes import Clock, Tier
from tests.unit.serving.test_access import stored

KEY = new_key("limited0")


def test_so_many_at_once_then_so_many_a_second() -> None:
    clock = Clock()
    rates = Rates(clock)
    assert [rates.take("a", 3.0) for _ in range(4)] == [True, True, True, False]
    assert rates.take("b", 3.0)
    clock.now_s += 1 / 3 + 0.001
    assert [rates.take("a", 3.0) for _ in range(2)] == [True, False]
    clock.now_s += 100
    assert [rates.take("a", 3.0) for _ in range(4)] == [True, True, True, False]


def test_less_than_one_a_second() -> None:
    clock = Clock()
    rates = Rates(clock)
    assert [rates.take("a", 0.1) for _ in range(2)] == [True, False]
    clock.now_s += 10.001
    assert [rates.take("a", 0.1) for _ in range(2)] == [True, False]


def test_only_so_many_are_remembered() -> None:
    rates = Rates(Clock(), counted_max=2)
    for whose in ("a", "b"):
        assert rates.take(whose, 1.0)
    assert not rates.take("a", 1.0)
    assert rates.take("c", 1.0)  # forgets b
    assert not rates.take("a", 1.0) and rates.take("b", 1.0)


@pytest.mark.parametrize(("per_s", "answers"), [(2.0, [200, 200, 429]), (None, [200, 200, 200])])
async def test_a_key_that_asks_too_often_is_told_when_to_come_back(per_s: float | None, answers: list[int]) -> None:
    clock = Clock()
    async with Tier(keys_required="yes", clock=clock) as tier:
        tier.wiring.access.ring.use([stored(KEY, "search", rate_per_s=per_s)])
        headers = {"X-Freshet-Key": KEY}
        found = [await tier.client.get("/v1/suggest", params={"text": "a"}, headers=headers) for _ in range(3)]
        assert [each.status for each in found] == answers
        if per_s is not None:
            assert (await found[2].json())["code"] == "rate_limited" and found[2].headers["Retry-After"] == "1"
            assert tier.counted("freshet_requests_refused_total", reason="rate_limited") == 1


async def test_each_question_of_a_request_counts() -> None:
    clock = Clock()
    async with Tier(keys_required="yes", address_rate_per_s=100.0, trusted_proxies=1, clock=clock) as tier:
        tier.wiring.access.ring.use([stored(KEY, "search", rate_per_s=4.0)])
        sent = {"X-Freshet-Key": KEY, "X-Forwarded-For": "203.0.113.7"}

        async def ask(questions: int) -> int:
            body = {"requests": [{"indexName": "products"}] * questions}
            return (await tier.client.post("/1/indexes/*/queries", json=body, headers=sent)).status

        assert [await ask(3), await ask(1), await ask(1)] == [200, 200, 429]
        clock.now_s += 0.26
        assert [await ask(5), await ask(1)] == [200, 429]  # 4 more than there were: a second to wait
        clock.now_s += 1.0
        assert await ask(1) == 429
        clock.now_s += 0.26
        assert await ask(1) == 200


async def test_addresses_are_counted_as_the_proxy_in_front_says() -> None:
    async with Tier(address_rate_per_s=2.0, trusted_proxies=1, clock=Clock()) as tier:

        async def ask(forwarded: str | None, path: str = "/v1/suggest?text=a") -> int:
            headers = {"X-Forwarded-For": forwarded} if forwarded else {}
            return (await tier.client.get(path, headers=headers)).status

        assert [await ask("203.0.113.7") for _ in range(3)] == [200, 200, 429]
        assert await ask("203.0.113.8") == 200
        assert await ask("203.0.113.8, 203.0.113.7") == 429  # what stands before was made up
        assert [await ask("2001:db8::1"), await ask("2001:db8::2"), await ask("2001:db8::3")] == [200, 200, 429]
        assert [await ask(None) for _ in range(5)] == [200] * 5  # this machine itself
        assert [await ask("nonsense") for _ in range(3)] == [200, 200, 429]
        assert await ask("203.0.113.7", "/healthz") == 200


@pytest.mark.parametrize(
    ("forwarded", "proxies", "found"),
    [
        ("203.0.113.7", 0, "127.0.0.1"),
        ("203.0.113.7", 1, "203.0.113.7"),
        ("198.51.100.1, 203.0.113.7", 1, "203.0.113.7"),
        ("198.51.100.1, 203.0.113.7", 2, "198.51.100.1"),
        ("203.0.113.7", 2, "127.0.0.1"),
        ("::ffff:203.0.113.7", 1, "203.0.113.7"),
        ("fe80::1%eth0", 1, "fe80::1"),
        ("", 1, None),
    ],
)
def test_which_address_it_is(forwarded: str, proxies: int, found: str | None) -> None:
    request = make_mocked_request("GET", "/", headers={"X-Forwarded-For": forwarded}).clone(remote="127.0.0.1")
    address = client_address(request, proxies)
    assert address == (None if found is None else ip_address(found))


def test_an_ipv6_customer_is_one_client() -> None:
    assert one_client(ip_address("2001:db8:1:2:3::4")) == "2001:db8:1:2::/64"
    assert one_client(ip_address("203.0.113.7")) == "203.0.113.7"


@pytest.mark.parametrize(
    ("sent", "pattern", "good"),
    [
        ({"Origin": "https://shop.example"}, "https://shop.example", True),
        ({"Origin": "https://SHOP.example"}, "shop.example", True),
        ({"Referer": "https://shop.example/a?b"}, "shop.example", True),
        ({"Referer": "https://www.shop.example/a"}, "*.shop.example", True),
        ({"Referer": "https://shop.example/a"}, "*.shop.example", False),
        ({"Referer": "https://evilshop.example/"}, "*.shop.example", False),
        ({"Referer": "https://evil.example/?https://shop.example"}, "shop.example", False),
        ({"Referer": "https://shop.example.evil.example/"}, "shop.example", False),
        ({"Referer": "https://shop.example@evil.example/"}, "shop.example", False),
        ({"Origin": "http://shop.example"}, "https://shop.example", False),
        ({"Origin": "https://shop.example:8443"}, "shop.example", False),
        ({"Origin": "https://shop.example:8443"}, "shop.example:8443", True),
        ({"Origin": "https://shop.example:x"}, "shop.example", False),
        ({"Origin": "null", "Referer": "https://shop.example/"}, "shop.example", False),
        ({}, "shop.example", False),
    ],
)
def test_of_which_site_a_page_is(sent: dict[str, str], pattern: str, good: bool) -> None:
    assert comes_from(make_mocked_request("GET", "/", headers=sent), [pattern]) is good


async def test_a_key_for_one_site_is_refused_elsewhere() -> None:
    async with Tier(keys_required="yes") as tier:
        tier.wiring.access.ring.use([stored(KEY, "search", referers=["shop.example"])])

        async def ask(**headers: str) -> tuple[int, Any]:
            sent = {"X-Freshet-Key": KEY, **headers}
            response = await tier.client.get("/v1/suggest", params={"text": "a"}, headers=sent)
            return response.status, (await response.json()).get("code")

        assert await ask(Origin="https://shop.example") == (200, None)
        assert await ask(Origin="https://other.example") == (403, "referer_refused")
        assert await ask() == (403, "referer_refused")
