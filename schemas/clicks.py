"""Clicks as storefronts write them: a session views, clicks, adds to the cart or buys one product."""

from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, Field, ValidationError

from schemas import limits
from schemas.errors import InvalidEvent
from schemas.strict import (
    EventPrice,
    Sku,
    Strict,
    invalid_fields,
    name,
    parse_json,
    printable,
    refuse_other_version,
    unknown_type,
)

ClickType = Literal["view", "click", "add_to_cart", "purchase"]
CLICK_TYPES: tuple[ClickType, ...] = get_args(ClickType)
"""From the weakest sign of interest to the strongest."""

Session = Annotated[str, Field(max_length=limits.SESSION_CHARS_MAX), AfterValidator(printable), AfterValidator(name)]
RequestId = Annotated[str, Field(pattern=rf"^[A-Za-z0-9._-]{{1,{limits.REQUEST_ID_CHARS_MAX}}}$")]


class Click(Strict):
    """What one session did with one product. Only `type`, `session` and `sku` are needed."""

    schema_version: Literal[1] = 1
    type: ClickType
    """`view`: saw its page or card; `click`: chose it from a list; then the cart and the purchase."""
    session: Session
    """The storefront's own name for one visit, and the Kafka key. Random: whoever knows it can send clicks for it."""
    sku: Sku
    """The product."""
    request_id: RequestId | None = None
    """Id of the search answer that showed the product."""
    position: Annotated[int, Field(ge=1, le=limits.CLICK_POSITION_MAX)] | None = None
    """Place in that answer, from 1."""
    query: Annotated[str, Field(max_length=limits.QUERY_CHARS_MAX), AfterValidator(printable)] | None = None
    """What was searched."""
    user: Annotated[str, Field(max_length=limits.USER_CHARS_MAX), AfterValidator(printable), AfterValidator(name)] | (
        None
    ) = None
    """The shop's own id of a customer who is signed in; kept with the click, not used for the session."""
    quantity: Annotated[int, Field(ge=1, le=limits.QUANTITY_MAX)] | None = None
    """Of a cart or a purchase."""
    price: EventPrice | None = None
    at_ms: Annotated[int, Field(ge=0, le=limits.TIME_MS_MAX)] | None = None
    """When it happened, ms since 1970, by the shopper's clock: kept, never used for order or age."""


def decode_click(value: bytes) -> Click:
    """Reads one click. Raises InvalidEvent with a reason from `schemas.reasons` and a problem per bad field."""
    return check_click(parse_json(value, limits.CLICK_BYTES_MAX))


def check_click(data: Any) -> Click:
    """Like `decode_click`, on parsed JSON."""
    if not isinstance(data, dict):
        raise InvalidEvent("not_an_object", "a click is a JSON object")
    sku = data["sku"] if isinstance(data.get("sku"), str) else ""
    refuse_other_version(data, sku)
    if data.get("type") not in CLICK_TYPES:
        raise unknown_type(data.get("type"), CLICK_TYPES, sku)
    try:
        return Click.model_validate(data)
    except ValidationError as error:
        raise invalid_fields(error, sku) from None
