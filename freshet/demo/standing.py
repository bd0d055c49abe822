"""What of the demo stands in the shop right now, as the shop itself tells it: there is no other memory of it."""

from collections.abc import Mapping
from typing import Any, Protocol

from freshet.demo.catalogue import SKU_PREFIX, Product
from freshet.demo.words import brands, categories
from schemas.errors import Unavailable

PAGE = 100
PAGES_MAX = 10
"""Of one category; the search goes no deeper. The demo fills one."""
Standing = dict[str, Product]
"""The products by SKU, each as the upsert that would make it."""


class Door(Protocol):
    """The calls to the HTTP tier that the demo needs."""

    async def get(self, path: str) -> Any: ...

    async def post(self, path: str, body: Mapping[str, Any]) -> Any: ...

    async def post_lines(self, path: str, lines: list[bytes]) -> Any: ...


async def standing(door: Door) -> Standing:
    """All demo products that a search would show. Raises Unavailable when the shop answers in part only."""
    found: Standing = {}
    for category in categories():
        for page in range(1, PAGES_MAX + 1):
            hits = await _page(door, category.path, page)
            found.update({hit["sku"]: as_product(hit) for hit in hits if hit["sku"].startswith(SKU_PREFIX)})
            if len(hits) < PAGE:
                break
    return found


async def count(door: Door) -> int:
    """How many products of the demo's brands are searchable."""
    return int((await _search(door, {"limit": 1, "filters": {"brand": list(brands())}}))["found"])


async def _page(door: Door, path: list[str], page: int) -> list[dict[str, Any]]:
    filters = {"category": [path], "brand": list(brands())}
    hits: list[dict[str, Any]] = (await _search(door, {"limit": PAGE, "page": page, "filters": filters}))["hits"]
    return hits


async def _search(door: Door, body: Mapping[str, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = await door.post("/v1/search", body)
    if answer["degraded"]:
        raise Unavailable(f"the shop answers without {', '.join(answer['degraded'])}", hint="see: freshet status")
    return answer


def as_product(hit: Mapping[str, Any]) -> Product:
    """The upsert that makes the product of a hit; equal to the one of the catalogue when nothing was changed."""
    fields = {**hit["content"], **(hit.get("offer") or {})}
    stated = {name: value for name, value in fields.items() if value is not None}
    return {"type": "upsert", "sku": hit["sku"], "attributes": {}, **stated}
