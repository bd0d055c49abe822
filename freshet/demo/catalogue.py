"""The demo's catalogue: 2,000 products in 30 categories, the same bytes wherever and whenever they are made."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from freshet.demo.descriptions import description, title
from freshet.demo.dice import Dice
from freshet.demo.drawing import picture
from freshet.demo.pricing import whole_price
from freshet.demo.words import Category, Kind, categories, materials

PRODUCTS = 2_000
SKU_PREFIX = "demo-"
CURRENCY = "EUR"
VARIANTS_MAX = 6
ADDED_FAMILY = 90
"""Numbers of families in a category: from this one on they are kept for what the trickle adds, one product each."""
FAMILIES_MAX = 100
SOLD_OUT_PERCENT = 4
STOCK_START_MAX = 120
Product = Mapping[str, Any]
"""An upsert event of `schemas.events`, as JSON."""


@dataclass(frozen=True)
class Family:
    """Products that differ in colour and size only; `group` is their common attribute."""

    category: Category
    number: int
    kind: Kind
    material: str
    brand: str
    series: str
    """Empty, or a name that tells it from another family of the same kind and material."""

    @property
    def group(self) -> str:
        return f"{SKU_PREFIX}{self.category.slug}-{self.number:02d}"

    def dice(self, purpose: str) -> Dice:
        return Dice(self.group, purpose)


@dataclass(frozen=True)
class Assortment:
    """Products by SKU: those of the first state, and those that the trickle may add."""

    first: Mapping[str, Product]
    addable: Mapping[str, Product]

    def knows(self, sku: str) -> bool:
        return sku in self.first or sku in self.addable

    def product(self, sku: str) -> Product:
        """As it was made, whatever has become of it. Raises KeyError for an unknown SKU."""
        return self.first[sku] if sku in self.first else self.addable[sku]


@cache
def assortment() -> Assortment:
    """The whole one. One product of each category in turn, so any part of it is varied."""
    every = categories()
    shares = [PRODUCTS // len(every) + (number < PRODUCTS % len(every)) for number in range(len(every))]
    columns = [list(_of_category(category, share)) for category, share in zip(every, shares, strict=True)]
    first = [column[row] for row in range(max(shares)) for column in columns if row < len(column)]
    added = [next(products_of(family(one, number))) for number in range(ADDED_FAMILY, FAMILIES_MAX) for one in every]
    return Assortment({one["sku"]: one for one in first}, {one["sku"]: one for one in added})


def _of_category(category: Category, count: int) -> Iterator[Product]:
    """Families one after another, the kinds in turn, until there are `count` products."""
    made = 0
    for number in range(ADDED_FAMILY):
        for product in products_of(family(category, number)):
            if made == count:
                return
            made += 1
            yield product
    raise AssertionError(f"{category.name} has too few families for {count} products")


def family(category: Category, number: int) -> Family:
    kinds = category.kinds
    kind, turn = kinds[number % len(kinds)], number // len(kinds)
    material = kind.materials[turn % len(kind.materials)]
    round_ = turn // len(kind.materials)
    dice = Dice(category.slug, number)
    series = _series(category.slug, number) if round_ else ""
    return Family(category, number, kind, material, dice.pick(category.brands), series)


def _series(slug: str, number: int) -> str:
    """An invented name, another one for each family of a category."""
    first, last = Dice(slug, "series").below(len(STARTS)), Dice(slug, "series ends").below(len(ENDS))
    return STARTS[(first + number) % len(STARTS)] + ENDS[(last + number // len(STARTS) + number) % len(ENDS)]


STARTS = ("Al", "Bor", "Cel", "Dor", "El", "Fin", "Gal", "Hel", "Ing", "Jor", "Kal", "Lin", "Mar", "Nor", "Ol", "Pel")
ENDS = ("va", "da", "mo", "ri", "len", "nu", "ta", "bo", "ska", "ne", "dri")


def products_of(family: Family) -> Iterator[Product]:
    """The family's variants: each colour in one or two sizes."""
    dice = family.dice("variants")
    material, kind = materials()[family.material], family.kind
    some_colours = dice.some(material.colours, 1 if kind.packed else dice.between(1, 3)) or [""]
    some_sizes = dice.some(kind.sizes, dice.between(1, 2)) or [""]
    base_price = _base_price(family)
    text = description(family.dice("words"), kind, material, family.brand)
    pairs = [(colour, size) for colour in some_colours for size in some_sizes][:VARIANTS_MAX]
    for number, (colour, size) in enumerate(pairs, start=1):
        yield _product(family, number, colour, size, base_price, text)


def _product(family: Family, number: int, colour: str, size: str, base_cents: int, text: str) -> Product:
    sku = f"{family.group}-{number}"
    kind, material, dice = family.kind, materials()[family.material], Dice(f"{family.group}-{number}", "offer")
    stock = 0 if dice.chance(SOLD_OUT_PERCENT) else dice.between(1, STOCK_START_MAX)
    named_colour = "" if kind.packed else colour
    return {
        "type": "upsert",
        "sku": sku,
        "title": title(kind, material, family.series, size, named_colour),
        "description": text,
        "brand": family.brand,
        "category": family.category.path,
        "price": {"amount": whole_price(base_cents * _dearer_percent(kind, size) // 100) / 100, "currency": CURRENCY},
        "stock": stock,
        "availability": _availability(stock),
        "image_urls": [picture(kind.shape, colour, material.finish)],
        "locale": "en",
        "attributes": _attributes(family, size, named_colour),
    }


def _availability(stock: int) -> Literal["in_stock", "out_of_stock"]:
    return "in_stock" if stock else "out_of_stock"


def _attributes(family: Family, size: str, colour: str) -> dict[str, str | int]:
    kind = family.kind
    share = _size_share(kind, size)
    low, high = kind.weight_g
    length, width, height = (max(1, side * (70 + 30 * share // 100) // 100) for side in kind.cm)
    attributes: dict[str, str | int] = {
        "group": family.group,
        "kind": kind.name,
        "material": family.material,
        "weight_g": (low + (high - low) * share // 100) // 5 * 5,
        "dimensions": f"{length} × {width} × {height} cm",
    }
    if colour:
        attributes["colour"] = colour
    if size:
        attributes[kind.size_is] = size
    return attributes


def _size_share(kind: Kind, size: str) -> int:
    """0 (smallest) to 100 (largest); 50 without sizes."""
    return 50 if len(kind.sizes) < 2 or not size else kind.sizes.index(size) * 100 // (len(kind.sizes) - 1)


def _dearer_percent(kind: Kind, size: str) -> int:
    """What a size costs, in percent of the family's price: the largest a third more than the smallest."""
    return 100 + 33 * _size_share(kind, size) // 100 if size else 100


def _base_price(family: Family) -> int:
    """Cents of the smallest size, so that the largest still lies within the kind's range."""
    low, high = family.kind.price
    share = 75 if len(family.kind.sizes) > 1 else 100
    return family.dice("price").between(low * 100, max(low * 100, high * share))
