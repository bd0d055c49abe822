"""An example of each route: what is asked and what comes back. Tests hold each one against its model."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Example:
    answer: Any = None
    """JSON of the good answer; None where the answer is no JSON."""
    body: Any = None
    parameters: Mapping[str, str | int] = field(default_factory=dict)
    """By name, of the path and of the query."""


PRICE = {"amount": 19.99, "currency": "EUR"}
STATE = {"partition": 0, "replica": 0, "lineage": "5b1c", "documents_offset": 57, "offers_offset": 61}
HIT = {
    "sku": "lamp-1",
    "score": 0.61,
    "affinity": None,
    "content": {"title": "Desk lamp", "brand": "Lumen", "category": ["Home", "Lamps"]},
    "offer": {"price": PRICE, "stock": 12},
    "in_stock": True,
    "content_order": [1, 0],
    "offer_order": [1, 0],
}
LETTER = {
    "id": "catalog-0-0",
    "event_id": "1-0-0",
    "sku": "lamp-1",
    "merchant": "acme",
    "reason": "invalid_field",
    "who": "merchant",
    "stage": "catalog",
    "message": "price.amount: Input should be greater than or equal to 0",
    "fields": ["price.amount"],
    "at_ms": 1_767_225_600_012,
}
ONE_TAKEN = {"accepted": 1, "rejected": 0, "events": [{"line": 1, "event_id": "1-0-0"}]}
SUGGESTED = {
    "request_id": "5ad40a2f7c5f4bb7b3fb1b6c0f1a2e7d",
    "queries": [{"text": "lamp for reading"}],
    "products": [{"sku": "lamp-1", "title": "Desk lamp"}],
    "brands": [{"name": "Lamplight", "products": 12}],
    "categories": [{"path": ["Home", "Lamps"], "products": 231}],
    "took_ms": 2.9,
    "degraded": [],
}

RECORD = {
    "objectID": "lamp-1",
    "name": "Desk lamp",
    "brand": "Lumen",
    "price": 19.99,
    "_highlightResult": {
        "name": {
            "value": "Desk <em>lamp</em>",
            "matchLevel": "full",
            "matchedWords": ["lamp"],
            "fullyHighlighted": False,
        }
    },
}
WHEN = "2026-11-28T23:12:20.000+00:00"
RESULT = {
    "hits": [RECORD],
    "nbHits": 1,
    "page": 0,
    "nbPages": 1,
    "hitsPerPage": 20,
    "facets": {"brand": {"Lumen": 1}},
    "exhaustiveFacetsCount": True,
    "exhaustiveNbHits": True,
    "query": "lamp",
    "params": "query=lamp&facets=%5B%22brand%22%5D",
    "index": "products",
    "processingTimeMS": 7,
    "freshet": {"degraded": [], "fallback": None, "corrected": None, "notCounted": []},
}

EXAMPLES: dict[str, Example] = {
    "POST /v1/catalog": Example(
        body={
            "type": "upsert",
            "sku": "lamp-1",
            "title": "Desk lamp",
            "brand": "Lumen",
            "category": ["Home", "Lamps"],
            "price": PRICE,
            "stock": 12,
        },
        answer=ONE_TAKEN,
    ),
    "PATCH /v1/catalog/{sku}": Example(parameters={"sku": "lamp-1"}, body={"stock": 3}, answer=ONE_TAKEN),
    "DELETE /v1/catalog/{sku}": Example(parameters={"sku": "lamp-1", "version": 44}, answer=ONE_TAKEN),
    "POST /v1/clicks": Example(
        body={"type": "click", "session": "7f0c2b", "sku": "lamp-1", "query": "desk lamp", "position": 1},
        answer={"accepted": 1, "rejected": 0, "events": [{"line": 1, "event_id": "1-0-7"}]},
    ),
    "GET /v1/events/{id}": Example(
        parameters={"id": "1-0-0"},
        answer={
            "id": "1-0-0",
            "sku": "lamp-1",
            "outcome": "indexed",
            "waiting": None,
            "searchable": True,
            "reason": "",
            "meaning": "",
            "who": "",
            "steps": {
                "received_ms": 1795260885909,
                "decided_ms": 1795260885931,
                "embedded_ms": 1795260885987,
                "searchable_ms": 1795260886012,
            },
            "read_token": "1-0-57-61",
            "corrections_searched": True,
            "degraded": [],
        },
    ),
    "GET /v1/skus/{sku}": Example(
        parameters={"sku": "lamp-1"},
        answer={"sku": "lamp-1", "waiting": None, "hit": HIT | {"score": None}, "state": STATE},
    ),
    "GET /v1/skus/{sku}/similar": Example(
        parameters={"sku": "lamp-1"},
        answer={
            "sku": "lamp-1",
            "hits": [HIT | {"sku": "lamp-2", "relevance": None, "words": None, "score": 0.83}],
            "took_ms": 4.1,
            "degraded": [],
        },
    ),
    "GET /v1/stuck": Example(
        answer={
            "at_ms": 1_767_225_660_000,
            "total": 1,
            "reasons": [
                {
                    "reason": "dead-lettered",
                    "code": "invalid_field",
                    "count": 1,
                    "oldest_ms": 1_767_225_600_012,
                    "says": "a field has the wrong type or is outside its limit; problems name it",
                    "do": "correct it and send it again",
                }
            ],
            "products": [
                {
                    "reason": "dead-lettered",
                    "code": "invalid_field",
                    "event": "1-0-57",
                    "sku": "lamp-1",
                    "partition": 0,
                    "since_ms": 1_767_225_600_012,
                    "fields": ["price.amount"],
                }
            ],
            "next": None,
            "unread": 0,
            "complete": True,
            "degraded": [],
        },
    ),
    "GET /v1/timeline": Example(
        parameters={"parts": 1},
        answer={
            "kept_from_ms": 1_767_139_200_000,
            "now_ms": 1_767_225_600_000,
            "parts": [
                {
                    "begin_ms": 1_767_222_000_000,
                    "end_ms": 1_767_225_600_000,
                    "searches": 7_214,
                    "events": 3_608,
                    "sampled": True,
                    "search_p50_ms": 17.2,
                    "search_p95_ms": 41.8,
                    "zero_share": 0.015,
                    "degraded_share": 0.0,
                    "texts_p95_ms": 96.0,
                    "offers_p95_ms": 31.0,
                    "refused_share": 0.0,
                    "behind_ms": 0,
                    "made_from": ["replica 0 of shard 0, lineage f3927138", "the encoder all-MiniLM-L6-v2"],
                }
            ],
        },
    ),
    "GET /v1/answers": Example(
        parameters={"only": "zero"},
        answer={
            "answers": [
                {
                    "request_id": "8461d0aaf85344e6b954558dcee11375",
                    "at_ms": 1_767_225_312_491,
                    "text": "zephyrus quux",
                    "hits": 10,
                    "found": 10,
                    "page": 1,
                    "took_ms": 21.4,
                    "zero": True,
                    "fallback": "meaning",
                    "degraded": [],
                    "typing": False,
                    "replayable": True,
                    "why_not": "",
                }
            ],
            "next": None,
            "looked_through": 7_214,
        },
    ),
    "POST /v1/answers/{id}/replay": Example(
        parameters={"id": "8461d0aaf85344e6b954558dcee11375"},
        body={"at_ms": 1_767_225_312_491, "set": ["rank_stock=0"], "sku": "lamp-1"},
        answer={
            "request_id": "8461d0aaf85344e6b954558dcee11375",
            "text": "zephyrus quux",
            "at_ms": 1_767_225_312_491,
            "verdict": "different",
            "why": "",
            "differences": [{"at": "settings", "then": {"rank_stock": 0.1}, "now": {"rank_stock": 0.0}}],
            "more_differences": 0,
            "skus_then": ["lamp-1", "lamp-2"],
            "skus_now": ["lamp-2", "lamp-1"],
            "rebuilt": ["partition 0: the snapshot at 20,000 of .freshet/shards/1-0"],
            "sku": {"sku": "lamp-1", "stage": "shown", "says": "It is on this page, at 2"},
            "took_s": 2.1,
        },
    ),
    "POST /v1/answers/bundle": Example(
        body={"answers": [{"request_id": "8461d0aaf85344e6b954558dcee11375", "at_ms": 1_767_225_312_491}]},
    ),
    "GET /v1/events": Example(
        parameters={"outcome": "indexed"},
        answer={
            "events": [
                {
                    "id": "1-0-57",
                    "sku": "lamp-1",
                    "type": "patch",
                    "fields": ["price"],
                    "outcome": "indexed",
                    "reason": "",
                    "received_ms": 1_767_225_310_012,
                    "decided_ms": 1_767_225_310_031,
                }
            ],
            "next": None,
            "looked_through": 41,
        },
    ),
    "GET /v1/dead-letters": Example(
        answer={
            "letters": [LETTER],
            "groups": [{"reason": "invalid_field", "merchant": "acme", "count": 1, "newest_ms": 1_767_225_600_012}],
            "next": None,
            "complete": True,
        },
    ),
    "GET /v1/dead-letters/{id}": Example(
        parameters={"id": "catalog-0-0"},
        answer=LETTER
        | {
            "meaning": "A field has the wrong type or is outside its limit; problems name it.",
            "key": "lamp-1",
            "original": '{"type": "patch", "sku": "lamp-1", "price": {"amount": -1, "currency": "EUR"}}',
            "original_bytes": 80,
            "original_base64": "eyJ0eXBlIjogInBhdGNoIiwgLi4u",
            "marks": [
                {
                    "field": "price.amount",
                    "problem": "Input should be greater than or equal to 0",
                    "start": 56,
                    "end": 58,
                }
            ],
            "can_resubmit": False,
            "why_not": "catalog-0-0 (invalid_field) would be refused again: price.amount: Input should be greater than "
            "or equal to 0",
            "superseded_by": "",
        },
    ),
    "POST /v1/dead-letters/{id}/resubmit": Example(
        parameters={"id": "catalog-0-0"},
        body={"type": "patch", "sku": "lamp-1", "price": {"amount": 19.99, "currency": "EUR"}},
        answer={"id": "catalog-0-0", "event_id": "1-0-58"},
    ),
    "POST /v1/dead-letters/resubmit": Example(
        body={"reason": "encoder_refused", "dry_run": True},
        answer={
            "dry_run": True,
            "matching": 2,
            "sent": [{"id": "contents-0-12", "event_id": "1-0-17"}],
            "skipped": [
                {
                    "id": "contents-0-15",
                    "why": "contents-0-15: event 1-0-31 was accepted",
                    "hint": "send the product again if it is to be changed",
                    "superseded_by": "1-0-31",
                }
            ],
            "next": None,
            "complete": True,
        },
    ),
    "GET /v1/skus/{sku}/journey": Example(
        parameters={"sku": "lamp-1"},
        answer={
            "sku": "lamp-1",
            "partition": 0,
            "now": "shown",
            "says": "it is shown as event 1-0-41 made it; the newest, 1-0-57: it was refused (invalid_field): "
            "price.amount: Input should be greater than or equal to 0",
            "do": "correct it and send it again",
            "waits_behind": None,
            "stuck": {"reason": "dead-lettered", "code": "invalid_field", "event": "1-0-57"},
            "events": [
                {
                    "id": "1-0-57",
                    "type": "patch",
                    "fields": [],
                    "version": None,
                    "outcome": "dead-lettered",
                    "reason": "invalid_field",
                    "who": "merchant",
                    "problems": [
                        {"field": "price.amount", "problem": "Input should be greater than or equal to 0"},
                    ],
                    "steps": {
                        "received_ms": 1_767_225_600_000,
                        "decided_ms": 1_767_225_600_012,
                        "embedded_ms": None,
                        "searchable_ms": {},
                    },
                    "says": "it was refused (invalid_field): price.amount: Input should be greater than or equal to 0",
                    "do": "correct it and send it again",
                },
            ],
            "complete": True,
            "replicas": [
                {
                    "replica": "0",
                    "answers": True,
                    "shown": True,
                    "content_event": "1-0-41",
                    "offer_event": "1-0-41",
                    "newest": True,
                },
            ],
            "degraded": [],
        },
    ),
    "POST /v1/search": Example(
        body={
            "text": "warm desk light",
            "limit": 10,
            "filters": {"category": [["Home", "Lamps"]], "price_max": 50, "in_stock": True},
        },
        answer={
            "request_id": "f534c1b3e8874098a5070102a36f5fd5",
            "hits": [HIT],
            "found": 1,
            "page": 1,
            "took_ms": 7.2,
            "degraded": [],
            "replayable": False,
            "made_from": [STATE],
            "read_token": ["1-0-57-61"],
            "encoder": "all-MiniLM-L6-v2",
            "explain": None,
        },
    ),
    "GET /v1/suggest": Example(parameters={"text": "lam"}, answer=SUGGESTED),
    "POST /v1/suggest": Example(body={"text": "lam", "limit": 5}, answer=SUGGESTED),
    "GET /v1/sessions/{id}": Example(
        parameters={"id": "7f0c2b"},
        answer={
            "session": "7f0c2b",
            "items": [
                {"sku": "lamp-1", "type": "add_to_cart", "age_s": 4.2, "weight": 0.7826},
                {"sku": "rug-7", "type": "click", "age_s": 61.9, "weight": 0.2174},
            ],
            "counted_to": 7,
            "vector": True,
            "encoder": "all-MiniLM-L6-v2",
        },
    ),
    "DELETE /v1/sessions/{id}": Example(parameters={"id": "7f0c2b"}, answer={"session": "7f0c2b", "items": True}),
    "POST /1/indexes/*/queries": Example(
        body={"requests": [{"indexName": "products", "query": "lamp", "facets": ["brand"]}]},
        answer={"results": [RESULT]},
    ),
    "POST /1/indexes/{index}/query": Example(
        parameters={"index": "products"}, body={"query": "lamp", "facets": ["brand"]}, answer=RESULT
    ),
    "POST /1/indexes/{index}/facets/{facet}/query": Example(
        parameters={"index": "products", "facet": "brand"},
        body={"facetQuery": "lu"},
        answer={
            "facetHits": [{"value": "Lumen", "highlighted": "<em>Lu</em>men", "count": 31}],
            "exhaustiveFacetsCount": True,
            "processingTimeMS": 4,
        },
    ),
    "POST /1/indexes/*/objects": Example(
        body={"requests": [{"indexName": "products", "objectID": "lamp-1", "attributesToRetrieve": ["name", "price"]}]},
        answer={"results": [{"objectID": "lamp-1", "name": "Desk lamp", "price": 19.99}]},
    ),
    "POST /1/indexes/*/recommendations": Example(
        body={"requests": [{"indexName": "products", "model": "related-products", "objectID": "lamp-1"}]},
        answer={
            "results": [
                {
                    "hits": [{"objectID": "lamp-2", "name": "Wall lamp", "_score": 78.4}],
                    "nbHits": 1,
                    "processingTimeMS": 3,
                }
            ]
        },
    ),
    "POST /1/events": Example(
        body={
            "events": [
                {
                    "eventType": "click",
                    "eventName": "Hit clicked",
                    "index": "products",
                    "userToken": "7f0c2b",
                    "objectIDs": ["lamp-1"],
                    "positions": [1],
                    "queryID": "f534c1b3e8874098a5070102a36f5fd5",
                }
            ]
        },
        answer={"status": 200, "message": "OK"},
    ),
    "POST /1/indexes/*/batch": Example(
        body={
            "requests": [{"action": "deleteObject", "indexName": "products", "body": {"objectID": "lamp-9"}}],
        },
        answer={"taskID": {"products": 7169}, "objectIDs": ["lamp-9"]},
    ),
    "POST /1/indexes/{index}/batch": Example(
        parameters={"index": "products"},
        body={
            "requests": [{"action": "updateObject", "body": {"objectID": "lamp-1", "name": "Desk lamp", "stock": 12}}]
        },
        answer={"taskID": 6145, "objectIDs": ["lamp-1"]},
    ),
    "POST /1/indexes/{index}": Example(
        parameters={"index": "products"},
        body={"name": "Desk lamp", "stock": 12},
        answer={"objectID": "5ad40a2f7c5f4bb7b3fb1b6c0f1a2e7d", "taskID": 5121, "createdAt": WHEN},
    ),
    "PUT /1/indexes/{index}/{objectID}": Example(
        parameters={"index": "products", "objectID": "lamp-1"},
        body={"name": "Desk lamp", "stock": 12},
        answer={"objectID": "lamp-1", "taskID": 4097, "updatedAt": WHEN},
    ),
    "POST /1/indexes/{index}/{objectID}/partial": Example(
        parameters={"index": "products", "objectID": "lamp-1"},
        body={"stock": 11},
        answer={"objectID": "lamp-1", "taskID": 3073, "updatedAt": WHEN},
    ),
    "DELETE /1/indexes/{index}/{objectID}": Example(
        parameters={"index": "products", "objectID": "lamp-1"}, answer={"taskID": 2049, "deletedAt": WHEN}
    ),
    "GET /1/indexes/{index}/task/{taskID}": Example(
        parameters={"index": "products", "taskID": 1}, answer={"status": "published", "pendingTask": False}
    ),
    "GET /1/indexes/{index}/settings": Example(
        parameters={"index": "products"},
        answer={"attributesForFaceting": ["brand", "category", "in_stock", "price"], "replicas": ["products_newest"]},
    ),
    "PUT /1/indexes/{index}/settings": Example(
        parameters={"index": "products"},
        body={"attributesForFaceting": ["brand"]},
        answer={
            "taskID": 0,
            "updatedAt": WHEN,
            "freshet": {
                "notice": "nothing of it is taken: Freshet's own settings say what is filtered by, counted and sorted"
            },
        },
    ),
    "GET /1/indexes/{index}/{objectID}": Example(
        parameters={"index": "products", "objectID": "lamp-1"},
        answer={"objectID": "lamp-1", "name": "Desk lamp", "brand": "Lumen", "price": 19.99, "in_stock": True},
    ),
    "GET /v1/freshness": Example(
        answer={
            "partitions": [
                {
                    "partition": 0,
                    "catalog_lag": 0,
                    "contents_lag": 12,
                    "documents_lag": 0,
                    "offers_lag": 0,
                    "clicks_lag": 0,
                }
            ],
            "events_per_s": 18.4,
            "fresh_p50_s": 0.11,
            "fresh_p95_s": 0.23,
            "fresh_n": 214,
            "age_s": 0.2,
        }
    ),
    "GET /v1/status": Example(
        answer={
            "version": "0.1.0",
            "generation": 1,
            "partitions": 1,
            "ready": True,
            "waiting_for": [],
            "encoder": "all-MiniLM-L6-v2",
            "products": 1,
            "replicas": [
                {
                    "state": STATE,
                    "rows": 1,
                    "visible": 1,
                    "held_offers": 0,
                    "ready": True,
                    "encoder": "all-MiniLM-L6-v2",
                    "dim": 384,
                    "applied_records": 2,
                    "digest_documents": "9d1f0c7be2a64f35881e6a0cb4f2d713",
                    "digest_offers": "47c2aa6f05d18e9b3c90f1e2d8b7a654",
                    "checkpoints": {
                        "documents": [{"offset": 3, "digest": "1b5e9f0022d84c6fa1307c88e94d5ab6", "structure": ""}],
                        "offers": [{"offset": 3, "digest": "e07d41b98c2f4a53b6d5190af2837c4e", "structure": ""}],
                    },
                    "live_from": {"documents": 0, "offers": 0},
                    "scrub": {
                        "ended_ms": 1764342000000,
                        "took_s": 0.004,
                        "documents_offset": 57,
                        "offers_offset": 61,
                        "skus": 1,
                        "differing": [],
                        "damaged_files": [],
                    },
                    "address": "http://127.0.0.1:40915",
                }
            ],
            "unreachable": [],
            "differing": [],
            "faulty": [],
            "redis": True,
            "kafka": True,
            "outcomes_per_s": 0.1,
        }
    ),
    "GET /v1/processes": Example(
        answer={
            "processes": [
                {
                    "name": "embed",
                    "state": "down",
                    "reason": "nobody answers",
                    "since_ms": 1795260885909,
                    "version": None,
                    "pid": None,
                    "uptime_s": None,
                }
            ]
        }
    ),
    "GET /v1/feed": Example(),
    "GET /healthz": Example(
        answer={"process": "serving", "pid": 4711, "version": "0.1.0", "uptime_s": 63.2, "ready": True}
    ),
    "GET /readyz": Example(
        answer={"ready": True, "shards": {"0": True}, "encoder": True, "kafka": True, "waiting_for": []}
    ),
    "GET /metrics": Example(),
    "GET /openapi.json": Example(),
    "GET /docs": Example(),
    "GET /docs/{name}": Example(parameters={"name": "events"}),
    "GET /docs/screenshots/{file}": Example(parameters={"file": "desktop.png"}),
    "GET /": Example(),
    "GET /shop": Example(),
    "GET /why": Example(),
    "GET /incident": Example(),
    "GET /dead-letters": Example(),
    "GET /instantsearch": Example(),
    "GET /page/{file}": Example(parameters={"file": "base.css"}),
}
