"""Which fields of filters are one condition and what it is called: one list for facets, relaxing and explanations."""

from collections.abc import Collection
from typing import Final

from schemas.filters import Filters

ATTRIBUTES: Final = "attributes."
FIELDS: Final[dict[str, tuple[str, ...]]] = {
    "price": ("price_min", "price_max", "currency"),
    "brand": ("brand",),
    "in_stock": ("in_stock",),
    "category": ("category",),
}
"""By name the fields that go together, in the order in which they are left out: what is looked for goes last. Each
declared attribute is a condition too, as `attributes.NAME`; what `all`, `any` and `not` hold is none."""
UNIT: Final = "currency"
"""Says what other fields of its condition are measured in."""


def named(filters: Filters) -> list[str]:
    """The conditions that are given."""
    given = (name for name, fields in FIELDS.items() if any(getattr(filters, field) is not None for field in fields))
    return [*(f"{ATTRIBUTES}{name}" for name in filters.attributes or ()), *given]


def without(filters: Filters, names: Collection[str], *, units: bool = True) -> Filters:
    """But for these conditions; `units`: but for their units too. `filters` itself where there are none of them."""
    fields = [field for name in names for field in FIELDS.get(name, ()) if units or field != UNIT]
    gone: dict[str, object] = {field: None for field in fields if getattr(filters, field) is not None}
    attributes = filters.attributes or {}
    left = {name: asked for name, asked in attributes.items() if f"{ATTRIBUTES}{name}" not in names}
    if len(left) < len(attributes):
        gone["attributes"] = left or None
    return filters.model_copy(update=gone) if gone else filters


def alone(filters: Filters, name: str) -> Filters:
    """This condition, and nothing else."""
    attribute = name.removeprefix(ATTRIBUTES)
    if attribute != name:
        return Filters(attributes={attribute: (filters.attributes or {})[attribute]})
    return Filters().model_copy(update={field: getattr(filters, field) for field in FIELDS[name]})
