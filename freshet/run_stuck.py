"""What `freshet stuck` does: asks the tier for stuck products, page by page, and writes them for people or tables."""

import csv
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import urlencode

from freshet.exit_codes import OK
from freshet.http_door import refusal
from freshet.http_page import look
from freshet.printing import local_time, print_json, print_json_line, print_lines, say, visible
from freshet.target import Target, find_target
from schemas.errors import Unavailable

PAGE: Final = 1_000
SHOWN: Final = 20
TIMEOUT_S: Final = 60.0
COLUMNS: Final = ("sku", "reason", "code", "fields", "event", "since", "partition")
FORMULA: Final = ("=", "+", "-", "@", "\t")
"""What a formula begins with in one spreadsheet or another."""
Form = Literal["text", "json", "csv", "ndjson"]


def show_stuck(reason: str, limit: int | None, url: str, data: Path | None, form: Form) -> int:
    """`limit`: products that are listed; None: for people the oldest SHOWN, for programs all."""
    target = find_target(url, data)
    first = _first(target, reason)
    if form in ("csv", "ndjson"):
        products = _all(target, reason, first, limit)
        if form == "csv":
            print_csv(products)
        else:
            for one in products:
                print_json_line(one)
        _tell_what_is_missing(first)
        return OK
    first["products"] = list(_all(target, reason, first, SHOWN if limit is None and form == "text" else limit))
    del first["next"]
    if form == "json":
        print_json(first)
    else:
        print_lines(lines(first, time.time() * 1000))
        _tell_what_is_missing(first)
    return OK


def _first(target: Target, reason: str) -> dict[str, Any]:
    """Asks again until the tier has read all outcomes."""
    found = _page(target, reason, "")
    while (unread := found["unread"]) > 0:
        say(f"{unread:,} outcomes are still to be read")
        found = _page(target, reason, "")
        if found["unread"] >= unread:
            break  # another process of the tier answered, or events come faster than they are read
    return found


def _all(target: Target, reason: str, first: dict[str, Any], limit: int | None) -> Iterator[dict[str, Any]]:
    page, left = first, sys.maxsize if limit is None else limit
    while True:
        yield from page["products"][:left]
        left -= len(page["products"])
        if page["next"] is None or left <= 0:
            return
        page = _page(target, reason, page["next"])


def _page(target: Target, reason: str, after: str) -> dict[str, Any]:
    asked = {"limit": str(PAGE)} | ({"reason": reason} if reason else {}) | ({"after": after} if after else {})
    answer = look(target.url, f"/v1/stuck?{urlencode(asked)}", target.key, TIMEOUT_S)
    if answer.status == 0:
        raise Unavailable(f"nothing answers at {target.url}", hint="start it with: freshet up")
    if answer.status != 200:
        raise refusal(answer.status, None, answer.body, "GET /v1/stuck")
    return answer.body


def _tell_what_is_missing(found: dict[str, Any]) -> None:
    if not found["complete"]:
        say("there are more than these: a step has more before it than was looked through, or not all was read")
    for shard in found["degraded"]:
        say(f"{shard} does not answer: what waits for it is not counted")


def lines(found: dict[str, Any], now_ms: float) -> Iterator[str]:
    count = found["total"]
    yield f"{count:,} stuck product{'' if count == 1 else 's'}" if count else "no stuck products"
    for group in found["reasons"]:
        reason = ": ".join(filter(None, (group["reason"], group["code"])))
        yield f"{group['count']:>9,}  {reason:<32} the oldest since {_ago(now_ms - group['oldest_ms'])}"
        yield f"{'':<11}{group['says']}; {group['do']}"
    if found["products"]:
        yield ""
    for one in found["products"]:
        why = ": ".join(filter(None, (one["reason"], one["code"], ", ".join(one["fields"]))))
        yield f"{one['sku']:<24} {local_time(one['since_ms'])}  {one['event']:<14} {why}"
    if len(found["products"]) < found["total"]:
        yield f"freshet sku SKU --journey tells more of one; all of them: freshet stuck --csv ({found['total']:,})"


def print_csv(products: Iterable[dict[str, Any]]) -> None:
    table = csv.writer(sys.stdout, lineterminator="\n")
    table.writerow(COLUMNS)
    for one in products:
        row = one | {"since": local_time(one["since_ms"]), "fields": " ".join(one["fields"])}
        table.writerow(cell(str(row[column])) for column in COLUMNS)


def cell(text: str) -> str:
    """For a spreadsheet, which would work out what looks like a formula: a merchant chooses the SKU."""
    return "'" + visible(text) if text.startswith(FORMULA) else visible(text)


def _ago(ms: float) -> str:
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if ms >= 1000 * size:
            return f"{ms / 1000 / size:.0f} {unit}"
    return f"{max(0.0, ms / 1000):.1f} s"
