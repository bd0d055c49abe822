"""Lets a request in, or says why not: its key, what its route needs, from where it comes, how often."""

from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network
from typing import Final
from urllib.parse import urlsplit

from aiohttp import web

from schemas.metrics import Metrics
from serving.keys.client_address import Address, client_address, one_client
from serving.keys.grant import GRANT, Grant, Need
from serving.keys.rates import Rates
from serving.keys.ring import KeyRing
from serving.problems import Refusal, retry_after

KEY_HEADER: Final = "X-Freshet-Key"
BEARER: Final = "bearer "
ALGOLIA_KEY: Final = "x-algolia-api-key"
"""A header, or a parameter of the address: InstantSearch sends the latter."""
WHERE: Final = f"Authorization: Bearer, or {KEY_HEADER}"
SEES_ALL: Final[frozenset[Need]] = frozenset(("any",))
"""Needs that a key which does not see all products never meets."""


class Access:
    """`address_rate_per_s`: most requests a second from one address that is not of this machine; 0: no limit."""

    def __init__(
        self, ring: KeyRing, rates: Rates, metrics: Metrics, address_rate_per_s: float, trusted_proxies: int
    ) -> None:
        self.ring = ring
        self._rates = rates
        self._refused = metrics.counter("freshet_requests_refused_total")
        self._address_rate_per_s = address_rate_per_s
        self._trusted_proxies = trusted_proxies

    def admit(self, request: web.Request, need: Need) -> Grant:
        """What the caller may do. Raises Refusal."""
        try:
            return self._admitted(request, need)
        except Refusal as refusal:
            self._refused.labels(reason=refusal.code).inc()
            raise

    def count_further(self, request: web.Request, count: int) -> None:
        """Questions beside the first one of a request that was let in."""
        grant = request[GRANT]
        if grant.rate_per_s is not None:
            self._rates.owe(_key(grant), grant.rate_per_s, count)
        if self._address_rate_per_s:
            self._rates.owe(_address(self.address_of(request)), self._address_rate_per_s, count)

    def address_of(self, request: web.BaseRequest) -> Address | None:
        return client_address(request, self._trusted_proxies)

    def _admitted(self, request: web.Request, need: Need) -> Grant:
        if need == "public":
            return self.ring.nobody
        if self._address_rate_per_s:
            self._count_address(self.address_of(request))
        text = key_in(request)
        grant = (self.ring.find(text) if text else None) or self.ring.nobody
        if not grant.allows(need):
            raise _not_allowed(grant, need, text, self.ring.nobody)
        if grant.limited and need in SEES_ALL:
            raise Refusal(403, "key_limited", f"the key {grant.who} does not see all products, and this tells of all")
        if grant.referers and not comes_from(request, grant.referers):
            raise Refusal(403, "referer_refused", f"the key {grant.who} is for {', '.join(grant.referers)} alone")
        if grant.sources is not None and not _within(self.address_of(request), grant.sources):
            raise Refusal(403, "address_refused", f"the key {grant.who} is not for the address that asks")
        if grant.rate_per_s is not None:
            self._count(_key(grant), grant.rate_per_s)
        return grant

    def _count_address(self, address: Address | None) -> None:
        if address is None or not address.is_loopback:
            self._count(_address(address), self._address_rate_per_s)

    def _count(self, whose: str, per_s: float) -> None:
        if not self._rates.take(whose, per_s):
            raise Refusal(
                429,
                "rate_limited",
                f"{whose} may ask {per_s:g} times a second",
                hint="slow down, and come back after Retry-After seconds",
                headers=retry_after(1 / per_s),
            )


def _key(grant: Grant) -> str:
    return f"the key {grant.who}"


def _address(address: Address | None) -> str:
    return f"the address {one_client(address) if address else 'unknown'}"


def key_in(request: web.BaseRequest) -> str:
    """As it was sent; empty: none was."""
    given = request.headers.get("Authorization", "")
    if given[: len(BEARER)].lower() == BEARER:
        return given[len(BEARER) :].strip()
    found = request.headers.get(KEY_HEADER) or request.headers.get(ALGOLIA_KEY)
    if found is None and ALGOLIA_KEY in request.query_string.lower():
        found = next((value for name, value in request.query.items() if name.lower() == ALGOLIA_KEY), None)
    return found or ""


def comes_from(request: web.BaseRequest, referers: Iterable[str]) -> bool:
    """Whether the page that asks is of one of these sites, as the browser says."""
    said = request.headers.get("Origin") or request.headers.get("Referer") or ""
    try:
        site = urlsplit(said.lower())
        port = f":{site.port}" if site.port else ""
    except ValueError:
        return False
    return any(_is_of(site.scheme, f"{site.hostname or ''}{port}", pattern) for pattern in referers)


def _is_of(scheme: str, host: str, pattern: str) -> bool:
    wanted, _, place = pattern.rpartition("://")
    if wanted and wanted != scheme:
        return False
    return host.endswith(place[1:]) if place.startswith("*.") else host == place


def _within(address: Address | None, networks: Iterable[IPv4Network | IPv6Network]) -> bool:
    return address is not None and any(address in network for network in networks)


def _not_allowed(grant: Grant, need: Need, text: str, nobody: Grant) -> Refusal:
    if grant is not nobody:
        return Refusal(
            403,
            "scope_missing",
            f"the key {grant.who} may {', '.join(sorted(grant.scopes))}; this needs {need}",
            hint=f"use another key: freshet keys create --scope {need}",
        )
    said, code = ("this key is not known", "key_unknown") if text else (f"this needs a key for {need}", "key_required")
    hint = f"send one as {WHERE}; one is made by: freshet keys create --scope {'search' if need == 'any' else need}"
    return Refusal(401, code, said, hint=hint, headers={"WWW-Authenticate": 'Bearer realm="freshet"'})
