"""Why an event was not indexed: stable codes with their meaning and who must act."""

from typing import Literal, NamedTuple


class Reason(NamedTuple):
    meaning: str
    who: Literal["merchant", "operator"]


REASONS: dict[str, Reason] = {
    "too_large": Reason("The event is larger than EVENT_BYTES_MAX (a click: CLICK_BYTES_MAX).", "merchant"),
    "malformed_json": Reason("The bytes are not JSON (cut, wrong encoding, NaN, too deep).", "merchant"),
    "duplicate_key": Reason("A key stands twice in one JSON object.", "merchant"),
    "not_an_object": Reason("The JSON is not an object.", "merchant"),
    "unknown_schema_version": Reason("schema_version is not one this version reads.", "merchant"),
    "unknown_type": Reason(
        "type is not one of this format: upsert, patch, delete; of a click view, click, add_to_cart, purchase.",
        "merchant",
    ),
    "invalid_field": Reason("A field has the wrong type or is outside its limit; problems name it.", "merchant"),
    "missing_key": Reason("The Kafka record has no key; it must be the SKU, of a click the session.", "merchant"),
    "key_mismatch": Reason("The Kafka record's key is not the event's SKU (a click's session).", "merchant"),
    "wrong_partition": Reason(
        "The record is on another partition than murmur2 of its key says; use partitioner=murmur2_random.", "merchant"
    ),
    "unknown_sku": Reason("A patch for a SKU that does not exist (never created, or deleted).", "merchant"),
    "patched_invalid": Reason("The product would be outside a limit after this patch.", "merchant"),
    "encoder_refused": Reason("The encoder gave no usable vector for this product.", "operator"),
    "malformed_record": Reason("One of Freshet's own records could not be read.", "operator"),
    "bad_vector": Reason("A document's vector is not finite, not of length 1, or has another dimension.", "operator"),
    "wrong_encoder": Reason("A document was embedded by another encoder than this shard's.", "operator"),
    "unexpected": Reason("Processing this event raised an error that should not happen.", "operator"),
}
