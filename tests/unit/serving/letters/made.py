"""A dead letter as `agents` writes it."""

import base64

from schemas.records import DeadLetter

EVENT = b'{"type":"upsert","sku":"a","title":"A"}'


def letter(value: bytes = EVENT, **changes: object) -> DeadLetter:
    facts: dict[str, object] = {
        "id": "catalog-0-0",
        "topic": "catalog",
        "partition": 0,
        "offset": 0,
        "key": base64.b64encode(b"a").decode(),
        "value": base64.b64encode(value).decode(),
        "value_bytes": len(value),
        "reason": "unexpected",
        "message": "it broke",
        "who": "operator",
        "stage": "catalog",
        "event_id": "1-0-0",
        "sku": "a",
        "received_ms": 1,
    }
    return DeadLetter.model_validate(facts | changes)
