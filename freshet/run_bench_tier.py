"""What `bench tier` does: call bench/tier.py with the tier's processes of the running stack, print its figures."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.shop import ShopError
from bench.tier import measure_tier
from freshet.exit_codes import OK
from freshet.printing import print_json, print_lines
from freshet.run_bench import PERCENTILES, row
from freshet.target import find_target
from schemas.errors import Unavailable


def tier(seconds: float, clients: int, data: Path | None, as_json: bool) -> int:
    """Raises Unavailable when no stack runs here, or it does not answer as the measurement needs."""
    target = find_target("", data)
    pids = {name: pid for name, pid in target.pids_of("serving").items() if pid is not None}
    try:
        figures = measure_tier(target.url, pids, seconds=seconds, clients=clients, key=target.key)
    except (ShopError, OSError, RuntimeError) as error:
        raise Unavailable(str(error)) from None
    if as_json:
        print_json(figures)
    else:
        print_lines(lines(figures))
    return OK


def lines(figures: dict[str, Any]) -> Iterator[str]:
    yield f"{figures['servers']} processes of the tier, {figures['clients']} clients; ms at half as many a second"
    yield row("", ["per s", "per core", "cores", *PERCENTILES])
    for name, found in figures["ways"].items():
        cores = round(sum(found["cores"].values()), 2)
        half = [found["at_half"][key] for key in PERCENTILES]
        yield row(name, [found["per_s"], found["per_core_s"], cores, *half])
