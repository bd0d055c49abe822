"""Secured keys, as Algolia's clients make them: checked with the parent's hash, kept to, never more than the parent."""

import base64
import hashlib
import hmac
import json
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from schemas.filters import Filters
from schemas.keys import KEYS_MAX
from serving.keys.access import KEY_HEADER
from serving.keys.minting import new_key
from serving.keys.ring import DERIVED_KEPT_MAX, KEY_CHARS_MAX, KeyRing, only_json
from serving.keys.secured import INDICES_MAX, SOURCES_MAX, restrictions_in
from serving.problems import Refusal
from tests.unit.serving.fakes import FakeShard, Tier, hit
from tests.unit.serving.test_access import stored

PARENT, WRITER = new_key("parent00"), new_key("writer00")
NOW_MS = 1_000_000
LUMEN = json.dumps({"brand": ["Lumen"]})


def secured(parent: str, text: str) -> str:
    """What `generateSecuredApiKey` of algoliasearch 5 does."""
    mac = hmac.new(parent.encode(), text.encode(), hashlib.sha256).hexdigest()
    return base64.b64encode((mac + text).encode()).decode()


def ring(**more: Any) -> KeyRing:
    made = KeyRing("", True, "tenant", lambda: NOW_MS)
    made.use([stored(PARENT, "search", **more), stored(WRITER, "search", "ingest")])
    return made


def test_what_a_client_signs_with_the_key_is_checked_with_its_hash() -> None:
    keys = ring(rate_per_s=7.0)
    grant = keys.find(secured(PARENT, urlencode({"filters": LUMEN, "validUntil": 1_001, "userToken": "u"})))
    assert grant is not None
    assert (grant.who, sorted(grant.scopes), grant.rate_per_s) == ("parent00", ["search"], 7.0)
    assert grant.forced == (Filters(brand=["Lumen"]),) and grant.limited
    plain = keys.find(secured(PARENT, ""))
    assert plain is not None and not plain.limited


def test_the_parents_own_filters_stay() -> None:
    grant = ring(tenant="acme", filters=Filters(in_stock=True)).find(secured(PARENT, urlencode({"filters": LUMEN})))
    acme = Filters(attributes={"tenant": ["acme"]})
    assert grant is not None and grant.forced == (acme, Filters(in_stock=True), Filters(brand=["Lumen"]))


@pytest.mark.parametrize(
    "key",
    [
        secured(new_key("parent00"), ""),  # another key with this id
        secured(WRITER, ""),  # may write: no parent
        secured(PARENT, "filters=a")[:-4],
        base64.b64encode(b"0" * 64 + b"filters=a").decode(),
        base64.b64encode(base64.b64decode(secured(PARENT, urlencode({"validUntil": 1_001}))).replace(b"1001", b"9999")),
        base64.b64encode(b"short").decode(),
        secured(PARENT, "")[:-1] + "!",
        "",
    ],
    ids=range(8),  # not the keys: they are drawn anew by each process that runs tests
)
def test_what_was_not_signed_with_a_key_of_ours_is_none(key: str | bytes) -> None:
    assert ring().find(key if isinstance(key, str) else key.decode()) is None


@pytest.mark.parametrize(("until_s", "valid"), [(1_000, False), (1_001, True), (-1, False)])
def test_it_ends_when_it_says(until_s: int, valid: bool) -> None:
    keys, key = ring(), secured(PARENT, f"validUntil={until_s}")
    for _ in range(2):
        if valid:
            assert keys.find(key)
        else:
            with pytest.raises(Refusal, match="expired"):
                keys.find(key)


@pytest.mark.parametrize("more", [{"revoked_ms": 1}, {"expires_ms": NOW_MS}])
def test_it_ends_with_its_parent(more: dict[str, Any]) -> None:
    keys, key = ring(), secured(PARENT, f"filters={LUMEN}")
    assert keys.find(key)
    keys.use([stored(PARENT, "search", **more)])
    with pytest.raises(Refusal, match="parent00"):
        keys.find(key)
    keys.use([])
    assert keys.find(key) is None


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("facetFilters=brand:a", "facetFilters cannot be kept to"),
        ("hitsPerPage=5", "hitsPerPage"),
        ("filters={}&filters={}", "twice"),
        ("filters=%7B", "filters cannot be read"),
        ("filters=", "filters"),
        ("filters=" + json.dumps({"all": [{"all": [{"all": [{"all": [{"brand": ["a"]}]}]}]}]}), "filters"),
        ("validUntil=soon", "validUntil"),
        ("restrictSources=everywhere", "restrictSources"),
        ("restrictIndices=", "restrictIndices"),
        ("restrictIndices=" + ",".join(["a"] * (INDICES_MAX + 1)), "restrictIndices"),
        ("filters=brand:a", "filters cannot be read"),  # read by the tier, not by this ring
        ("restrictSources=" + ",".join(["10.0.0.1"] * (SOURCES_MAX + 1)), "restrictSources"),
        ("no parameters", "cannot be read"),
        ("&".join(f"p{number}=1" for number in range(21)), "more than 20"),
    ],
)
def test_a_restriction_that_is_not_understood_closes_it(text: str, says: str) -> None:
    with pytest.raises(Refusal, match=says) as refused:
        ring().find(secured(PARENT, text))
    assert refused.value.status == 401


def test_what_is_understood() -> None:
    found = restrictions_in(urlencode({"restrictSources": "10.0.0.0/8,2001:db8::1"}), only_json)
    assert [str(one) for one in found.sources or ()] == ["10.0.0.0/8", "2001:db8::1/128"]
    most = restrictions_in("restrictSources=" + ",".join(["10.0.0.1"] * SOURCES_MAX), only_json)
    assert len(most.sources or ()) == SOURCES_MAX
    most = restrictions_in("restrictIndices=" + ",".join(["a"] * INDICES_MAX), only_json)
    assert len(most.indices or ()) == INDICES_MAX


def test_as_many_keys_as_there_may_be_are_tried_and_so_many_are_remembered() -> None:
    keys = KeyRing("", True, "tenant", lambda: NOW_MS)
    made = [new_key(f"key{number:05}") for number in range(KEYS_MAX)]
    keys.use([stored(key, "search") for key in made])
    assert all(keys.find(secured(key, "")) for key in (made[0], made[-1]))
    for number in range(DERIVED_KEPT_MAX + 1):
        keys.find(secured(made[0], f"userToken={number}"))
    assert len(keys._derived) == DERIVED_KEPT_MAX
    long = "userToken=" + "u" * (KEY_CHARS_MAX * 3 // 4 - 64 - len("userToken="))
    assert len(secured(made[0], long)) == KEY_CHARS_MAX and keys.find(secured(made[0], long))
    assert keys.find(secured(made[0], long + "uuu")) is None


async def test_a_storefront_sees_what_its_secured_key_lets_it_see() -> None:
    async with Tier([[FakeShard(hits=[hit("a")])]], keys_required="yes", trusted_proxies=1) as tier:
        tier.wiring.access.ring.use([stored(PARENT, "search")])
        key = secured(PARENT, urlencode({"filters": LUMEN, "restrictSources": "203.0.113.0/24"}))

        async def ask(key: str, address: str) -> int:
            headers = {KEY_HEADER: key, "X-Forwarded-For": address}
            return (await tier.client.post("/v1/search", json={"text": "lamp"}, headers=headers)).status

        assert await ask(key, "203.0.113.9") == 200
        assert tier.replicas[0][0].queries[-1]["filters"]["all"] == [
            {**tier.replicas[0][0].queries[-1]["filters"]["all"][0], "brand": ["Lumen"]}
        ]
        assert await ask(key, "198.51.100.1") == 403
        assert await ask(PARENT, "198.51.100.1") == 200
        assert tier.replicas[0][0].queries[-1]["filters"]["all"] is None


async def test_filters_of_algolias_syntax_and_indexes_hold_for_instantsearch() -> None:
    async with Tier([[FakeShard(hits=[hit("a")])]], keys_required="yes", facets=["colour:value"]) as tier:
        tier.wiring.access.ring.use([stored(PARENT, "search")])

        async def ask(restrictions: dict[str, str]) -> tuple[int, Any]:
            key = secured(PARENT, urlencode(restrictions))
            body = {"requests": [{"indexName": "products", "params": "query=lamp"}]}
            response = await tier.client.post(f"/1/indexes/*/queries?x-algolia-api-key={quote(key)}", json=body)
            return response.status, await response.json()

        assert (await ask({"filters": "brand:Lumen AND NOT colour:red"}))[0] == 200
        forced = Filters.model_validate(tier.replicas[0][0].queries[-1]["filters"]).all
        assert forced and forced[-1].all and forced[-1].all[0] == Filters(brand=["Lumen"])
        status, said = await ask({"filters": "brand:Lumen AND ("})
        assert (status, said["code"]) == (401, "key_not_understood")
        assert (await ask({"restrictIndices": "other,prod*"}))[0] == 200
        status, said = await ask({"restrictIndices": "other"})
        assert (status, said["code"]) == (403, "index_refused")
