"""The vocabulary of the demo: departments, categories and kinds of products, materials, colours, drawings (TOML)."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, Literal

Finish = Literal["gloss", "metal", "glass", "matt", "wood", "cloth", "paper"]


@dataclass(frozen=True)
class Material:
    title: str
    of: str
    """After "made of"."""
    finish: Finish
    colours: tuple[str, ...]
    says: tuple[str, ...]
    care: tuple[str, ...]


@dataclass(frozen=True)
class Kind:
    """One kind of product, a frying pan. Prices in EUR, weights in g, sizes of the object in cm."""

    name: str
    shape: str
    price: tuple[int, int]
    weight_g: tuple[int, int]
    cm: tuple[int, int, int]
    materials: tuple[str, ...]
    features: tuple[str, ...]
    """After "with"."""
    uses: tuple[str, ...]
    """Whole sentences."""
    sizes: tuple[str, ...] = ()
    size_is: str = "size"
    plural: bool = False
    one_of: bool = False
    """A product has one of the features, never two."""
    packed: bool = False
    """Sold in a packet: the colour is the packet's and is not named."""


@dataclass(frozen=True)
class Query:
    """What a shopper types, and the kinds of products that answer it."""

    text: str
    finds: tuple[str, ...]


@dataclass(frozen=True)
class Category:
    department: str
    name: str
    slug: str
    brands: tuple[str, ...]
    kinds: tuple[Kind, ...]

    @property
    def path(self) -> list[str]:
        return [self.department, self.name]


@cache
def categories() -> tuple[Category, ...]:
    """All of them, in the order of the files."""
    found = []
    for path in _files("words/departments"):
        department = _read(path)
        for category in department["category"]:
            kinds = tuple(Kind(**_tuples(kind)) for kind in category["type"])
            brands = tuple(department["brands"])
            found.append(Category(department["name"], category["name"], category["slug"], brands, kinds))
    return tuple(found)


@cache
def materials() -> Mapping[str, Material]:
    return {name: Material(**_tuples(fields)) for name, fields in _read(_here() / "words/materials.toml").items()}


@cache
def colours() -> Mapping[str, str]:
    """#rrggbb by name."""
    return _read(_here() / "words/colours.toml")


@cache
def drawings() -> Mapping[str, str]:
    """By the name of the shape, in the notation of `drawing.py`."""
    return {name: text for path in _files("shapes") for name, text in _read(path).items()}


@cache
def queries() -> tuple[Query, ...]:
    return tuple(
        Query(query["text"], tuple(query["finds"])) for query in _read(_here() / "words/queries.toml")["query"]
    )


@cache
def brands() -> tuple[str, ...]:
    return tuple(sorted({brand for category in categories() for brand in category.brands}))


def _tuples(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in fields.items()}


def _here() -> Traversable:
    return files("freshet.demo")


def _files(folder: str) -> list[Traversable]:
    return sorted((_here() / folder).iterdir(), key=lambda path: path.name)


def _read(path: Traversable) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))
