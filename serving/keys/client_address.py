"""From which address a request comes, also through proxies that are known to say so."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final

from aiohttp import web

Address = IPv4Address | IPv6Address
FORWARDED: Final = "X-Forwarded-For"
IPV6_BITS: Final = 64
"""What one customer of a provider has: any of its addresses is the same client."""


def client_address(request: web.BaseRequest, trusted_proxies: int) -> Address | None:
    """Each proxy appends whom it heard, so the one that the outermost of ours heard stands so many from the end: what
    stands before it the client may have made up. None: nobody can tell."""
    found = request.remote or ""
    if trusted_proxies:
        heard = [one.strip() for line in request.headers.getall(FORWARDED, ()) for one in line.split(",")]
        found = heard[-trusted_proxies] if len(heard) >= trusted_proxies else found
    try:
        address = ip_address(found.split("%")[0])
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address


def one_client(address: Address) -> str:
    """What its requests are counted by."""
    return str(address if address.version == 4 else ip_network((address, IPV6_BITS), strict=False))
