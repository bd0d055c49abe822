"""When the load is over: waits until all has come to rest, and looks at what there is."""

import json
from typing import Any, Final

from freshet import exit_codes
from freshet.drills.books import Books, read_books
from freshet.drills.drill import Drill
from freshet.drills.evidence import Evidence, differs
from freshet.drills.patience import LIMIT_S, settled
from freshet.drills.plain_http import http
from freshet.drills.traffic import Traffic
from freshet.drills.up_stack import UpStack
from freshet.runtime.stack_state import StackState

AUDITED: Final = (exit_codes.OK, exit_codes.MISMATCH)


def gather(drill: Drill, up: UpStack, state: StackState, traffic: Traffic, gap_s: float, late: list[str]) -> Evidence:
    """What has not come to rest within LIMIT_S is what differs."""

    def books() -> Books:
        return read_books(state, traffic.merchant.acked())

    def unserved() -> dict[str, str]:
        return _unserved(state.url, traffic)

    return Evidence(
        books=settled(books, lambda seen: not seen.unaccounted, LIMIT_S),
        unserved=settled(unserved, lambda seen: not seen, LIMIT_S),
        audit=settled(lambda: _audit(up), lambda told: bool(told) and not told["waiting"], LIMIT_S),
        went_back=traffic.front.went_back if drill.replicas == 1 else [],
        gap_s=gap_s,
        gap_s_max=drill.gap_s_max,
        late=late,
    )


def _audit(up: UpStack) -> dict[str, Any]:
    """Empty where it did not end as it should."""
    run = up.run("audit", "--workers", "1")
    told: dict[str, Any] = json.loads(run.stdout) if run.returncode in AUDITED else {}
    return told


def _unserved(url: str, traffic: Traffic) -> dict[str, str]:
    looked = {sku: differs(shown, *http("GET", f"{url}/v1/skus/{sku}")) for sku, shown in traffic.known.shown.items()}
    return {sku: what for sku, what in looked.items() if what}
