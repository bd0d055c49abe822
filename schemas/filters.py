"""Which products may be among the hits: conditions by brand, category, price, stock and declared attributes."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import (
    ConfigDict,
    Discriminator,
    Field,
    PlainValidator,
    Tag,
    WithJsonSchema,
    model_validator,
)

from schemas import limits
from schemas.strict import Strict

FilterValues = Annotated[list[str], Field(min_length=1, max_length=limits.FILTER_VALUES_MAX)]


class NumberRange(Strict):
    """From `min` to `max`, both included; one of them may be left out."""

    min: float | None = None
    max: float | None = None

    @model_validator(mode="after")
    def _range(self) -> "NumberRange":
        if self.min is None and self.max is None:
            raise ValueError("give min, max or both")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError("min is greater than max")
        return self


def _facet_value(value: object) -> object:
    if not isinstance(value, (str, bool)):
        raise ValueError("must be a text, true or false; numbers are asked for as {min, max}")
    if isinstance(value, str) and len(value) > limits.FACET_TEXT_CHARS_MAX:
        raise ValueError(f"is longer than {limits.FACET_TEXT_CHARS_MAX} characters")
    return value


_TEXT_SCHEMA = {"type": "string", "maxLength": limits.FACET_TEXT_CHARS_MAX}


FacetValue = Annotated[
    str | bool, PlainValidator(_facet_value), WithJsonSchema({"anyOf": [_TEXT_SCHEMA, {"type": "boolean"}]})
]


FacetValues = Annotated[list[FacetValue], Field(min_length=1, max_length=limits.FILTER_VALUES_MAX)]


def _form(asked: object) -> str | None:
    return "values" if isinstance(asked, list) else "range" if isinstance(asked, (dict, NumberRange)) else None


AttributeFilter = Annotated[
    Annotated[FacetValues, Tag("values")] | Annotated[NumberRange, Tag("range")],
    Discriminator(
        _form,
        custom_error_type="attribute_filter",
        custom_error_message="must be a list of values, or an object with min, max or both",
    ),
]
"""A list: one of these values. Else numbers from min to max."""


AttributeFilters = Annotated[
    dict[Annotated[str, Field(max_length=limits.ATTRIBUTE_NAME_CHARS_MAX)], AttributeFilter],
    Field(min_length=1, max_length=limits.FACETS_MAX),
]


FilterList = Annotated[list["Filters"], Field(min_length=1, max_length=limits.FILTER_NODES_MAX)]


class Filters(Strict):
    """All that are given must hold; within a list one is enough. `all`, `any` and `not` hold further filters."""

    model_config = ConfigDict(serialize_by_alias=True)

    brand: FilterValues | None = None
    """One of these."""
    category: Annotated[list[Annotated[list[str], Field(min_length=1)]], Field(min_length=1, max_length=100)] | None = (
        None
    )
    """Paths from the root; a path also matches everything below it."""
    price_min: Annotated[float, Field(ge=0)] | None = None
    price_max: Annotated[float, Field(ge=0)] | None = None
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] | None = None
    in_stock: bool | None = None
    attributes: AttributeFilters | None = None
    """By declared attribute (FRESHET_FACETS): a list of values, or numbers from `min` to `max`."""
    all: FilterList | None = None
    """Each of these filters must let the product pass."""
    any: FilterList | None = None
    """One of these filters must let the product pass."""
    not_: "Filters | None" = Field(default=None, validation_alias="not", serialization_alias="not")
    """This filter must not let the product pass; products that lack what it asks for do pass."""

    @property
    def empty(self) -> bool:
        """Whether everything passes because nothing is asked."""
        return self == NO_FILTERS

    def inside(self) -> "Iterator[tuple[str, Filters]]":
        """The filters that stand in this one, each with its place."""
        for word, filters in (("all", self.all), ("any", self.any)):
            yield from ((f"{word}.{number}", each) for number, each in enumerate(filters or ()))
        if self.not_ is not None:
            yield "not", self.not_

    @model_validator(mode="after")
    def _range(self) -> "Filters":
        if self.price_min is not None and self.price_max is not None and self.price_min > self.price_max:
            raise ValueError("price_min is greater than price_max")
        return self

    @model_validator(mode="before")
    @classmethod
    def _small(cls, data: object) -> object:
        """Before all else, so that a large tree costs nothing."""
        waiting, nodes = [(data, 1)], 0
        while waiting:
            node, depth = waiting.pop()
            nodes += 1
            if depth > limits.FILTER_DEPTH_MAX:
                raise ValueError(f"filters stand more than {limits.FILTER_DEPTH_MAX} deep in each other")
            inner = _inside(node)
            if nodes + len(waiting) + len(inner) > limits.FILTER_NODES_MAX:
                raise ValueError(f"there are more than {limits.FILTER_NODES_MAX} filters in each other")
            waiting += [(each, depth + 1) for each in inner]
        return data


def _inside(node: object) -> list[object]:
    """The filters that stand in one that has not been checked yet."""
    if isinstance(node, Filters):
        return [inner for _, inner in node.inside()]
    if not isinstance(node, dict):
        return []
    lists = [value for word in ("all", "any") if isinstance(value := node.get(word), list)]
    return [*(each for value in lists for each in value), *([node["not"]] if node.get("not") is not None else [])]


NO_FILTERS = Filters()
