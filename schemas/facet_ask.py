"""Which facets a search is asked to count, and the filters that each of them leaves out: its own."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from schemas import limits
from schemas.strict import Strict

ATTRIBUTE: Final = "attributes."
"""Before the name of a declared attribute."""
EVERY: Final = "*"
"""All declared attributes."""
COUNTED: Final = ("brand", "category", "in_stock", "price")
"""What can be counted besides declared attributes."""
NUMBERS: Final = ("ranges", "values")
VALUES: Final = ("limit", "search")
ALLOWED: Final[Mapping[str, Sequence[str]]] = {
    "brand": VALUES,
    "category": (*VALUES, "below", "levels"),
    "in_stock": (),
    "price": (*NUMBERS, "currency"),
    EVERY: (),
}
"""What may be said of each."""


def _ascending(edges: list[float]) -> list[float]:
    if any(low >= high for low, high in pairwise(edges)):
        raise ValueError("must ascend, each greater than the one before")
    return edges


class FacetAsk(Strict):
    """One facet to count. A text alone is its field."""

    field: Annotated[str, Field(max_length=len(ATTRIBUTE) + limits.ATTRIBUTE_NAME_CHARS_MAX)]
    """`brand`, `category`, `price`, `in_stock`, or a declared attribute as `attributes.colour`; `*`: all of those that
    are declared, each as by default."""
    limit: Annotated[int, Field(ge=1, le=limits.FACET_VALUES_MAX)] = 10
    """Values told, those of most products first; of a category tree so many over all its levels."""
    search: Annotated[str, Field(max_length=limits.FACET_TEXT_CHARS_MAX)] | None = None
    """Only values whose words begin like all of these words; case and accents do not matter."""
    below: Annotated[list[str], Field(max_length=limits.CATEGORY_LEVELS_MAX)] = Field(default_factory=list)
    """Categories: only those below this path."""
    levels: Annotated[int, Field(ge=1, le=limits.CATEGORY_LEVELS_MAX)] = 1
    """Categories: so many levels of them."""
    ranges: (
        Annotated[list[float], Field(min_length=1, max_length=limits.FACET_EDGES_MAX), AfterValidator(_ascending)]
        | None
    ) = None
    """Numbers: where one range ends and the next begins. Prices have 1, 2, 5, 10, 20, 50 ... where it is left out;
    attributes have no ranges then."""
    values: Annotated[int, Field(ge=0, le=limits.FACET_VALUES_MAX)] = 0
    """Numbers: so many of the values themselves are told, too, those of most products first."""
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] | None = None
    """Prices: in this one; left out: that of the filters, else of most of the products."""

    @property
    def attribute(self) -> str | None:
        """Name of the attribute, if it is one."""
        return self.field.removeprefix(ATTRIBUTE) if self.field.startswith(ATTRIBUTE) else None

    @model_validator(mode="after")
    def _fitting(self) -> "FacetAsk":
        if self.attribute is None:
            if self.field not in ALLOWED:
                raise ValueError(f"the field must be one of {', '.join(COUNTED)}, {ATTRIBUTE}NAME or {EVERY}")
            self.refuse_other(ALLOWED[self.field])
        else:
            self.refuse_other((*VALUES, *NUMBERS))
        return self

    def refuse_other(self, allowed: Sequence[str]) -> None:
        """Raises ValueError for what means nothing with this field."""
        given = {name for name, usual in UNLESS_SAID.items() if getattr(self, name) != usual}
        wrong = sorted(given - {"field", *allowed})
        if wrong:
            raise ValueError(f"{' and '.join(wrong)} mean{'' if len(wrong) > 1 else 's'} nothing for {self.field}")


UNLESS_SAID: Final[Mapping[str, Any]] = {
    name: field.get_default(call_default_factory=True) for name, field in FacetAsk.model_fields.items()
}
"""What a field of an ask is unless it is said. Made once: pydantic looks into the source of a factory each time, which
took a quarter of a search with facets."""


def _whole(ask: Any) -> Any:
    """A field alone becomes a whole ask; what it says of it is checked as for any other."""
    return {"field": ask} if isinstance(ask, str) else ask


def _once(asks: list[FacetAsk]) -> list[FacetAsk]:
    fields = [ask.field for ask in asks]
    twice = sorted({field for field in fields if fields.count(field) > 1})
    if twice:
        raise ValueError(f"{twice[0]} is asked for twice")
    return asks


FacetAsks = Annotated[
    list[Annotated[FacetAsk, BeforeValidator(_whole, json_schema_input_type=FacetAsk | str)]],
    Field(max_length=limits.FACETS_ASKED_MAX),
    AfterValidator(_once),
]
