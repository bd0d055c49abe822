"""Where Python is told to keep no bytecode, a stack keeps it in the cache: each process would start a second later."""

from collections.abc import Mapping

from freshet.runtime.cache import cache_folder

SWITCHED_OFF = "PYTHONDONTWRITEBYTECODE"
KEPT_IN = "PYTHONPYCACHEPREFIX"


def with_bytecode(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment of a child. What is said about where to keep it stays."""
    found = dict(environ)
    if found.pop(SWITCHED_OFF, ""):
        found.setdefault(KEPT_IN, str(cache_folder(environ) / "bytecode"))
    return found
