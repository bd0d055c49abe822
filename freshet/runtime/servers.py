"""Which processes of the HTTP tier `freshet up` runs: several share a port and nothing else (SO_REUSEPORT), so each has
a loopback port of its own where it alone is asked how it is."""

from schemas.settings import UpSettings

FIRST = "serving"


def server_names(settings: UpSettings) -> list[str]:
    """`serving`, and of several `serving-1` ... beside it."""
    return [FIRST, *(f"{FIRST}-{number}" for number in range(1, settings.servers))]


def inside(name: str) -> str:
    """What the own port of one of several is called."""
    return f"{name}-inside"


def own_ports(settings: UpSettings) -> list[str]:
    """One that is alone needs none: its port is its own."""
    return [inside(name) for name in server_names(settings)] if settings.servers > 1 else []
