"""What a catalogue calls its things: brands, categories and attribute values, each with how many products have it."""

from typing import Final

from pydantic import Field

from schemas.records import Record

VALUES_MAX: Final = 5_000
"""Of each kind and each attribute that a shard tells, the most frequent ones."""
WANTED_MAX: Final = 5
"""Values of one query that are looked for."""


class Named(Record):
    """One value and the products shown that have it."""

    value: str
    products: int


class NamedPath(Record):
    """One category and the products shown in it or below it."""

    path: list[str]
    products: int


class CatalogueValues(Record):
    """Of the products of one partition, the most frequent values first."""

    brands: list[Named] = Field(default_factory=list)
    categories: list[NamedPath] = Field(default_factory=list)
    attributes: dict[str, list[Named]] = Field(default_factory=dict)
    """By name of the attribute, of those that are declared as values."""
