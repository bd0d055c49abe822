"""When the load is over: waits until all has come to rest, and looks at what there is."""

import json
import time
from collections import Counter
from typing import Any, Final

from freshet import exit_codes
from freshet.drills.books import Books, read_books
from freshet.drills.drill import Drill
from freshet.drills.error_lines import error_lines
from freshet.drills.evidence import Evidence, differs
from freshet.drills.patience import LIMIT_S, settled
from freshet.drills.plain_http import http
from freshet.drills.record import Growth
from freshet.drills.spans import longest_gap_s, p95s
from freshet.drills.traffic import Traffic
from freshet.drills.under_load import Loaded
from freshet.drills.up_stack import UpStack
from freshet.runtime.stack_state import StackState

AUDITED: Final = (exit_codes.OK, exit_codes.MISMATCH)


def gather(drill: Drill, up: UpStack, state: StackState, loaded: Loaded) -> Evidence:
    """What has not come to rest within LIMIT_S is what differs."""
    traffic, struck = loaded.traffic, loaded.struck

    def books() -> Books:
        return read_books(state, traffic.merchant.acked())

    def unserved() -> dict[str, str]:
        return _unserved(state.url, traffic)

    asked, questions = traffic.asked(), traffic.shoppers.questions
    return Evidence(
        books=settled(books, lambda seen: not seen.unaccounted, LIMIT_S),
        unserved=settled(unserved, lambda seen: not seen, LIMIT_S),
        audit=settled(lambda: _audit(up), lambda told: bool(told) and not told["waiting"], LIMIT_S),
        went_back=traffic.front.went_back,
        gap_s=longest_gap_s(asked),
        failed_by=Counter(str(one.status) for one in questions if one.status != 200),
        dishonest=sum(not one.honest for one in questions),
        partial=sum(one.status == 200 and not one.good for one in questions),
        fresh_s=p95s([(one.acked_s, one.wait_s) for one in traffic.front.found], struck),
        query_s=p95s([(one.due_s, one.answered_s - one.due_s) for one in asked], struck),
        limits=drill.limits,
        dead_letters=loaded.dead_letters,
        errors=error_lines(up.data / "logs", time.time() - (time.monotonic() - loaded.begun_s)),
        growing=[_grows(one) for one in loaded.growth if one.verdict == "not flat"],
        late=loaded.late,
    )


def _grows(one: Growth) -> str:
    return f"{one.what} of {one.of} grow by {one.per_hour:g} an hour ({one.low:g} to {one.high:g}) from {one.mean:g}"


def _audit(up: UpStack) -> dict[str, Any]:
    """Empty where it did not end as it should."""
    run = up.run("audit", "--workers", "1")
    told: dict[str, Any] = json.loads(run.stdout) if run.returncode in AUDITED else {}
    return told


def _unserved(url: str, traffic: Traffic) -> dict[str, str]:
    looked = {sku: differs(shown, *http("GET", f"{url}/v1/skus/{sku}")) for sku, shown in traffic.known.shown.items()}
    return {sku: what for sku, what in looked.items() if what}
