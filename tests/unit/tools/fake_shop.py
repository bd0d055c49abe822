"""A ten-route Freshet in memory: decides at once, serves at once, and can be told to misbehave."""

import orjson
from aiohttp import web

from schemas.clicks import decode_click
from schemas.errors import InvalidEvent
from schemas.events import Delete, Patch, Upsert, decode_event
from schemas.records import EventId, Order, Outcome
from streams.memory import MemoryLog

Answer = web.Response


class FakeShop:
    """`refusals`: statuses given to the next writes; `not_taken`: lines of the next write that Kafka does not take;
    `silent`: SKUs whose outcome is never written; `unserved`: SKUs that are never shown."""

    def __init__(self) -> None:
        self.log = MemoryLog()
        self.products: dict[str, Upsert] = {}
        self.content_order: dict[str, Order] = {}
        self.offer_order: dict[str, Order] = {}
        self.refusals: list[int] = []
        self.not_taken: set[int] = set()
        self.silent: set[str] = set()
        self.unserved: set[str] = set()
        self.writes = 0
        self.searches: list[dict[str, object]] = []
        self.degraded: list[str] = []
        self.sessions: dict[str, str] = {}
        """The last click of each session; `deaf`: SKUs whose clicks move nothing."""
        self.deaf: set[str] = set()
        self.lag = 0
        self.journeys: dict[str, int] = {}
        """Offsets of the events that were asked for."""

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_post("/v1/catalog", self.post)
        app.router.add_patch("/v1/catalog/{sku}", self.patch)
        app.router.add_post("/v1/clicks", self.click)
        app.router.add_get("/v1/sessions/{id}", self.session)
        app.router.add_delete("/v1/sessions/{id}", self.forget)
        app.router.add_get("/v1/freshness", self.freshness)
        app.router.add_get("/v1/skus/{sku}", self.sku)
        app.router.add_get("/v1/skus/{sku}/journey", self.journey)
        app.router.add_post("/v1/search", self.search)
        return app

    async def post(self, request: web.Request) -> Answer:
        body = await request.read()
        self.writes += 1
        if self.refusals:
            return Answer(status=self.refusals.pop(0), headers={"Retry-After": "0.1"})
        not_taken, self.not_taken = self.not_taken, set()
        events = [
            await self.take(number, line, number in not_taken) for number, line in enumerate(body.split(b"\n"), start=1)
        ]
        return answer({"events": events}, 202 if any("event_id" in event for event in events) else 400)

    async def patch(self, request: web.Request) -> Answer:
        changes = {**orjson.loads(await request.read()), "type": "patch", "sku": request.match_info["sku"]}
        return answer({"events": [await self.take(1, orjson.dumps(changes), False)]}, 202)

    async def take(self, number: int, line: bytes, not_taken: bool) -> dict[str, object]:
        if not_taken:
            return {"line": number, "error": {"code": "not_taken", "message": "Kafka is away", "problems": []}}
        try:
            event, _ = decode_event(line)
        except InvalidEvent as error:
            problems = [problem._asdict() for problem in error.problems]
            refused = {"code": error.reason, "message": error.message, "problems": problems}
            return {"line": number, "error": refused}
        at = await self.log.send("catalog", event.sku.encode(), line)
        event_id = EventId(1, at.partition, at.offset)
        await self.decide(event, event_id)
        return {"line": number, "event_id": str(event_id)}

    async def decide(self, event: Upsert | Patch | Delete, event_id: EventId) -> None:
        kind = "deleted" if isinstance(event, Delete) else "indexed"
        if isinstance(event, Upsert):
            kind = "unchanged" if self.products.get(event.sku) == event else kind
            if kind == "indexed":
                self.products[event.sku] = event
                self.content_order[event.sku] = event_id.order
        if isinstance(event, Delete):
            self.products.pop(event.sku, None)
        self.offer_order[event.sku] = event_id.order
        outcome = {
            "event_id": str(event_id),
            "sku": event.sku,
            "outcome": kind,
            "received_ms": 1,
            "content_changed": isinstance(event, Upsert) and kind == "indexed",
        }
        if event.sku not in self.silent:
            await self.log.send(
                "outcomes", str(event_id).encode(), Outcome.model_validate(outcome).encode(), event_id.partition
            )

    async def click(self, request: web.Request) -> Answer:
        asked = decode_click(await request.read())
        if asked.sku not in self.deaf:
            self.sessions[asked.session] = asked.sku
        return answer({"accepted": 1, "rejected": 0, "events": [{"line": 1, "event_id": "1-0-0"}]}, 202)

    async def session(self, request: web.Request) -> Answer:
        session = request.match_info["id"]
        if session not in self.sessions:
            return answer({"code": "unknown_session", "detail": "nothing is known of it"}, 404)
        items = [{"sku": self.sessions[session], "type": "click", "age_s": 1.0, "weight": 1.0}]
        return answer({"session": session, "items": items, "counted_to": 0, "vector": False, "encoder": ""})

    async def forget(self, request: web.Request) -> Answer:
        session = request.match_info["id"]
        return answer({"session": session, "items": self.sessions.pop(session, None) is not None})

    async def freshness(self, request: web.Request) -> Answer:
        lags = {"catalog_lag": 0, "contents_lag": self.lag, "documents_lag": 0, "offers_lag": 0}
        return answer({"partitions": [{"partition": 0, **lags}], "age_s": 0.0})

    async def sku(self, request: web.Request) -> Answer:
        sku = request.match_info["sku"]
        if sku in self.products and sku not in self.unserved:
            return answer({"sku": sku, "hit": self.hit(sku)})
        return answer({"code": "unknown_sku", "detail": f"there is no product {sku!r}"}, 404)

    async def journey(self, request: web.Request) -> Answer:
        """It knows an event the second time that it is asked."""
        sku = request.match_info["sku"]
        generation, offset = self.offer_order[sku]
        known = self.journeys.get(sku) == offset
        self.journeys[sku] = offset
        events = [{"id": f"{generation}-0-{offset}"}] if known else []
        return answer({"now": "shown", "stuck": None, "events": events})

    async def search(self, request: web.Request) -> Answer:
        asked = orjson.loads(await request.read())
        self.searches.append(asked)
        brands = asked.get("filters", {}).get("brand")
        found = [sku for sku, product in self.products.items() if not brands or product.brand in brands]
        affinity = 0.5 if asked.get("session") in self.sessions else None
        hits = [{**self.hit(sku), "affinity": affinity} for sku in found if sku not in self.unserved]
        hits = hits[: asked.get("limit", 10)]
        response = answer({"hits": hits, "found": len(found), "degraded": self.degraded, "took_ms": 3.0})
        response.headers["Server-Timing"] = "tier;dur=3.0, encode;dur=1.5, shard-0;dur=2.5"
        return response

    def hit(self, sku: str) -> dict[str, object]:
        orders = {"content_order": list(self.content_order[sku]), "offer_order": list(self.offer_order[sku])}
        return {"sku": sku, "content": {"title": self.products[sku].title}, **orders}


def answer(body: object, status: int = 200) -> Answer:
    return Answer(body=orjson.dumps(body), status=status, content_type="application/json")
