"""`python -m agents catalog|embed|shard|session`: one worker process."""

import asyncio
import os
import sys

import uvloop

from schemas.errors import FreshetError, SettingsError
from schemas.settings import CatalogSettings, EmbedSettings, SessionSettings, ShardSettings, read

EXIT_FAILED = 1
EXIT_USAGE = 2


async def _serve(process: str) -> None:
    # One thread per search: two searches that each use all cores are slower than two in turn. Read when numpy loads.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # structlog would load it, a seventh of a second, for tracebacks that our logs do not show.
    sys.modules.setdefault("rich", None)  # type: ignore[arg-type]
    match process:  # each loads its own libraries only
        case "catalog":
            from agents.wiring.catalog import run_catalog

            await run_catalog(read(CatalogSettings, os.environ), os.environ)
        case "embed":
            from agents.wiring.embed import run_embed

            await run_embed(read(EmbedSettings, os.environ), os.environ)
        case "shard":
            from agents.wiring.shard import run_shard

            await run_shard(read(ShardSettings, os.environ), os.environ)
        case "session":
            from agents.wiring.session import run_session

            await run_session(read(SessionSettings, os.environ), os.environ)
        case _:
            raise SettingsError(
                f"{process!r} is not a worker", hint="usage: python -m agents catalog|embed|shard|session"
            )


def main() -> int:
    """Exit codes: 1 failed, 2 wrong settings, 3 stopped without acknowledging (a supervisor starts it again)."""
    try:
        uvloop.run(_serve(sys.argv[1] if len(sys.argv) == 2 else ""))
    except FreshetError as error:
        from streams.logs import log_refusal

        log_refusal(error)
        return EXIT_USAGE if isinstance(error, SettingsError) else EXIT_FAILED
    except asyncio.CancelledError:
        return EXIT_FAILED
    return 0


if __name__ == "__main__":
    sys.exit(main())
