"""What `freshet search` and `freshet sku` do."""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from freshet.exit_codes import OK
from freshet.filter_options import attribute_filters, json_filters
from freshet.http_door import NOT_SERVED, HttpDoor
from freshet.printing import print_json, print_lines
from freshet.show_journey import journey_lines
from freshet.show_whereabouts import whereabouts_lines
from freshet.target import find_target
from schemas.errors import FreshetError, InvalidRequest, SettingsError
from schemas.sorting import RELEVANCE, SORTS, Sort

FIRST_PAGE: Final = 20
"""Hits that a shop shows at first, as the page at /why counts them."""


@dataclass(frozen=True)
class SearchOptions:
    text: str
    limit: int
    page: int
    brand: list[str]
    in_stock: bool
    price_min: float | None
    price_max: float | None
    session: str | None
    explain: bool
    as_json: bool
    attributes: list[str] = field(default_factory=list)
    """`NAME=VALUE` or `NAME=MIN..MAX`."""
    filters: str = ""
    """JSON."""
    why: str | None = None
    """A product to be asked after."""
    sort: Sort = RELEVANCE

    def body(self) -> dict[str, Any]:
        filters = {
            "brand": self.brand or None,
            "in_stock": True if self.in_stock else None,
            "price_min": self.price_min,
            "price_max": self.price_max,
            "attributes": attribute_filters(self.attributes) or None,
            "all": [more] if (more := json_filters(self.filters)) is not None else None,
        }
        given = {name: value for name, value in filters.items() if value is not None}
        return {
            "text": self.text,
            "limit": self.limit,
            "page": self.page,
            "filters": given,
            "sort": self.sort,
            "session": self.session,
            "explain": self.explain or self.why is not None,
            "explain_sku": self.why,
        }


def sort_of(text: str) -> Sort:
    """Raises SettingsError where there is no such order."""
    for sort in SORTS:
        if sort == text:
            return sort
    raise SettingsError(f"hits cannot be sorted by {text!r}", hint=f"Give one of {', '.join(SORTS)}.")


def search_products(options: SearchOptions, url: str, data: Path | None) -> int:
    answer = asyncio.run(_post(url, data, "/v1/search", options.body()))
    if options.as_json:
        print_json(answer)
    else:
        print_lines(search_lines(answer, (options.page - 1) * options.limit))
    return OK


def show_journey(sku: str, limit: int, query: str, url: str, data: Path | None, as_json: bool) -> int:
    """With a query also where it stands among its hits, which is `search` of the result."""
    told = asyncio.run(_get(url, data, f"/v1/skus/{quote(sku, safe='')}/journey?limit={limit}"))
    if query:
        told["search"] = {"text": query, **asyncio.run(_where(sku, told["partition"], query, url, data))}
    if as_json:
        print_json(told)
    else:
        print_lines(journey_lines(told))
    return OK


async def _where(sku: str, partition: int, query: str, url: str, data: Path | None) -> dict[str, Any]:
    """By the words as they are: hits that a query falls back to are not what was searched for."""
    asked = {"text": query, "limit": FIRST_PAGE, "fallback": [], "explain": True, "explain_sku": sku}
    answer = await _post(url, data, "/v1/search", asked)
    if not answer.get("explain"):
        says = "this key does not see all products, so it is not told how they were ranked"
        return {"sku": sku, "partition": partition, "stage": "not told", "says": says}
    where: dict[str, Any] = answer["explain"]["sku"]
    return where


def show_product(sku: str, url: str, data: Path | None, as_json: bool) -> int:
    try:
        answer = asyncio.run(_get(url, data, f"/v1/skus/{quote(sku, safe='')}"))
    except InvalidRequest as error:
        if error.code in NOT_SERVED:
            raise FreshetError(error.message, hint="freshet dlq ls shows what could not be processed") from None
        raise
    if as_json:
        print_json(answer)
    else:
        print_lines(product_lines(answer))
    return OK


def search_lines(answer: dict[str, Any], skipped: int) -> list[str]:
    """One line a product, then what the answer was made from."""
    lines = [
        f"{rank:>3}  {_score(hit)}  {hit['sku']:<16}  {_price(hit):>12}  {_clipped(hit['content']['title'], 90)}"
        for rank, hit in enumerate(answer["hits"], start=skipped + 1)
    ]
    left_out = f", without {', '.join(answer['degraded'])}" if answer["degraded"] else ""
    lines.append(f"{answer['found']:,} found in {answer['took_ms']:.1f} ms{left_out} (request {answer['request_id']})")
    if answer.get("corrected"):
        lines.append(f"  searched as {answer['corrected']['text']!r}")
    if answer.get("did_you_mean"):
        lines.append(f"  did you mean {answer['did_you_mean']['text']!r}?")
    if answer.get("fallback"):
        lines.append(f"  {_fell_back(answer['fallback'])}")
    for stage, spent_ms in ((answer.get("explain") or {}).get("stages_ms") or {}).items():
        lines.append(f"  {stage:<12} {spent_ms:8.2f} ms")
    if answer.get("explain"):
        lines += [f"  {_state(state)}" for state in answer["made_from"]]
        lines.append(f"  encoder {answer['encoder']}, query vector: {answer['explain'].get('query_vector')}")
        lines += _session_lines(answer["explain"])
        where = answer["explain"].get("sku")
        lines += [f"  {line}" for line in whereabouts_lines(where)] if where else []
    return lines


def _fell_back(said: dict[str, Any]) -> str:
    """Where the hits come from, as the query itself found too little."""
    parts = [f"too little was found: {said['step']}"]
    parts += [f"without the words {' '.join(said['dropped'])}"] if said["dropped"] else []
    parts += [f"without the filters {', '.join(said['relaxed'])}"] if said["relaxed"] else []
    parts += [f"category {' > '.join(said['category'])}"] if said["category"] else []
    return ", ".join(parts)


def _session_lines(explain: dict[str, Any]) -> list[str]:
    """Which products the session looks at, and which hits that moved."""
    session, moves = explain.get("session"), explain.get("moves") or {}
    moved = [
        f"    {sku}: {move['rank_before']} -> {move['rank']} (affinity {_number(move['affinity'])})"
        for sku, move in moves.items()
        if move["rank_before"] != move["rank"]
    ]
    if not session:
        return ["  session: told with the admin key only", *moved] if moved else []
    items = ", ".join(f"{item['sku']} {item['weight']:.0%}" for item in session["items"])
    return [f"  session: {items}; strength {session['strength']:g}, vector: {session['vector']}", *moved]


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def product_lines(answer: dict[str, Any]) -> list[str]:
    hit = answer["hit"]
    content = hit["content"]
    shown = {
        "sku": hit["sku"],
        "title": content["title"],
        "brand": content.get("brand"),
        "category": " > ".join(content.get("category") or []),
        "price": _price(hit),
        "in stock": "yes" if hit["in_stock"] else "no",
        "description": _clipped(content.get("description") or "", 200),
        "url": content.get("url"),
        "content order": "-".join(map(str, hit["content_order"])),
        "offer order": "-".join(map(str, hit["offer_order"])) if hit.get("offer_order") else None,
        "waits for": answer.get("waiting"),
        "state": _state(answer["state"]),
    }
    lines = [f"{name:<14} {value}" for name, value in shown.items() if value]
    attributes = content.get("attributes") or {}
    return lines + [f"  {name:<32} {value}" for name, value in attributes.items()]


def _state(state: dict[str, Any]) -> str:
    return (
        f"partition {state['partition']}, replica {state['replica']}, documents to {state['documents_offset']:,}, "
        f"offers to {state['offers_offset']:,}, lineage {state['lineage']}"
    )


def _score(hit: dict[str, Any]) -> str:
    return f"{hit['score']:6.3f}" if hit.get("score") is not None else "     -"


def _price(hit: dict[str, Any]) -> str:
    price = (hit.get("offer") or {}).get("price")
    return f"{price['amount']:,.2f} {price['currency']}" if price else "-"


def _clipped(text: str, chars: int) -> str:
    one_line = " ".join(text.split())
    return one_line if len(one_line) <= chars else one_line[: chars - 1] + "…"


async def _post(url: str, data: Path | None, path: str, body: dict[str, Any]) -> dict[str, Any]:
    target = find_target(url, data)
    async with HttpDoor(target.url, target.key) as door:
        answer: dict[str, Any] = await door.post(path, body)
        return answer


async def _get(url: str, data: Path | None, path: str) -> dict[str, Any]:
    target = find_target(url, data)
    async with HttpDoor(target.url, target.key) as door:
        answer: dict[str, Any] = await door.get(path)
        return answer
