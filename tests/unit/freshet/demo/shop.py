"""A shop in memory for the demo: takes events and clicks, shows what it has, and can be told to misbehave."""

import itertools
from collections.abc import Mapping
from typing import Any

import orjson

from schemas.clicks import check_click
from schemas.errors import Overloaded, Unavailable
from schemas.events import check_event

OFFER = ("price", "stock", "availability")


class FakeShop:
    """`failures`: errors raised by the next calls; `not_taken`: lines of the next writes that Kafka does not take."""

    def __init__(self) -> None:
        self.products: dict[str, dict[str, Any]] = {}
        self.events: list[dict[str, Any]] = []
        self.clicks: list[dict[str, Any]] = []
        self.dead: list[dict[str, Any]] = []
        self.failures: list[Exception] = []
        self.not_taken: list[set[int]] = []
        self.degraded: list[str] = []
        self.lag = 0
        self._ids = itertools.count()

    async def get(self, path: str) -> Any:
        assert path == "/v1/freshness"
        self._fail()
        lags = {"catalog_lag": self.lag, "contents_lag": 0, "documents_lag": 0, "offers_lag": 0}
        return {"partitions": [{"partition": 0, **lags}], "age_s": 0.0}

    async def post(self, path: str, body: Mapping[str, Any]) -> Any:
        assert path == "/v1/search"
        self._fail()
        filters, limit = body.get("filters", {}), body["limit"]
        found = [product for product in self.products.values() if _passes(product, filters)]
        begin = (body.get("page", 1) - 1) * limit
        hits = [_hit(product) for product in found[begin : begin + limit]]
        return {"hits": hits, "found": len(found), "degraded": self.degraded, "request_id": f"r{next(self._ids)}"}

    async def post_lines(self, path: str, lines: list[bytes]) -> Any:
        self._fail()
        not_taken = self.not_taken.pop(0) if self.not_taken else set()
        answers = []
        for number, line in enumerate(lines, start=1):
            if number in not_taken:
                answers.append({"line": number, "error": {"code": "not_taken", "message": "Kafka is away"}})
            else:
                self._take(path, orjson.loads(line))
                answers.append({"line": number, "event_id": f"1-0-{next(self._ids)}", "error": None})
        return {"events": answers}

    def _take(self, path: str, item: dict[str, Any]) -> None:
        if path == "/v1/clicks":
            check_click(item)
            self.clicks.append(item)
            return
        check_event(item)
        self.events.append(item)
        sku = item["sku"]
        if item["type"] == "upsert":
            self.products[sku] = item
        elif sku not in self.products:
            self.dead.append(item)
        elif item["type"] == "delete":
            del self.products[sku]
        else:
            self.products[sku] = {**self.products[sku], **item, "type": "upsert"}

    def _fail(self) -> None:
        if self.failures:
            raise self.failures.pop(0)


def _passes(product: Mapping[str, Any], filters: Mapping[str, Any]) -> bool:
    category = [product["category"]] if product.get("category") else []
    return all(
        (
            product.get("brand") in filters.get("brand", [product.get("brand")]),
            not filters.get("category") or filters["category"] == category,
        )
    )


def _hit(product: Mapping[str, Any]) -> dict[str, Any]:
    content = {name: value for name, value in product.items() if name not in (*OFFER, "sku", "type")}
    offer = {name: product.get(name) for name in OFFER}
    in_stock = product.get("stock") != 0
    return {"sku": product["sku"], "content": {**content, "url": None}, "offer": offer, "in_stock": in_stock}


BUSY = Overloaded("429", retry_after_s=0.01)
AWAY = Unavailable("nothing answers")
