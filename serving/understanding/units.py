"""Units of measure: what they are called in queries and in products' texts, and how they follow from each other."""

from typing import Final, NamedTuple


class Unit(NamedTuple):
    """One unit of a dimension; `per_base` units are one base unit, or nearly so."""

    dimension: str
    factor: float
    """In base units of the dimension."""
    names: tuple[str, ...]
    """As they are written, in lower case."""


_UNITS: Final = (
    Unit("length", 1, ("mm", "millimeter", "millimeters", "millimetre", "millimetres")),
    Unit("length", 10, ("cm", "centimeter", "centimeters", "centimetre", "centimetres")),
    Unit("length", 1_000, ("m", "meter", "meters", "metre", "metres", "mtr")),
    Unit("length", 25.4, ("inch", "inches", "in", '"', "”", "″", "''", "zoll", "pouces", "pulgadas", "pollici")),
    Unit("length", 304.8, ("ft", "foot", "feet", "'", "′")),
    Unit("length", 914.4, ("yd", "yard", "yards")),
    Unit("weight", 0.001, ("mg",)),
    Unit("weight", 1, ("g", "gr", "gram", "grams", "gramm", "grammes")),
    Unit("weight", 1_000, ("kg", "kgs", "kilo", "kilos", "kilogram", "kilograms")),
    Unit("weight", 28.3495, ("oz", "ounce", "ounces")),
    Unit("weight", 453.592, ("lb", "lbs", "pound", "pounds")),
    Unit("volume", 1, ("ml", "milliliter", "milliliters", "millilitre")),
    Unit("volume", 10, ("cl",)),
    Unit("volume", 1_000, ("l", "lt", "ltr", "liter", "liters", "litre", "litres", "litro", "litros", "litri")),
    Unit("volume", 3_785.41, ("gal", "gallon", "gallons")),
    Unit("volume", 946.353, ("qt", "quart", "quarts")),
    Unit("storage", 0.001, ("mb", "megabyte", "megabytes")),
    Unit("storage", 1, ("gb", "gig", "gigs", "gigabyte", "gigabytes", "go")),
    Unit("storage", 1_000, ("tb", "terabyte", "terabytes")),
    Unit("power", 1, ("w", "watt", "watts")),
    Unit("power", 1_000, ("kw", "kilowatt", "kilowatts")),
    Unit("voltage", 1, ("v", "volt", "volts")),
    Unit("current", 1, ("a", "amp", "amps", "ampere")),
    Unit("charge", 1, ("mah",)),
    Unit("charge", 1_000, ("ah",)),
    Unit("frequency", 1, ("hz", "hertz")),
    Unit("frequency", 1e6, ("mhz",)),
    Unit("frequency", 1e9, ("ghz",)),
    Unit("resolution", 1, ("mp", "megapixel", "megapixels", "mpx")),
    Unit("light", 1, ("lm", "lumen", "lumens")),
    Unit("heat", 1, ("btu", "btus")),
    Unit("speed", 1, ("rpm",)),
    Unit("pressure", 1, ("psi",)),
    Unit("count", 1, ("pack", "pk", "pcs", "pc", "piece", "pieces", "count", "ct", "stück", "pièces", "piezas")),
    Unit("threads", 1, ("tc", "thread")),
)
UNITS: Final = {name: unit for unit in _UNITS for name in unit.names}
OF_DIMENSION: Final = {
    dimension: tuple(unit for unit in _UNITS if unit.dimension == dimension)
    for dimension in {unit.dimension for unit in _UNITS}
}
INCH: Final = UNITS["inch"]
GLUED_ONLY: Final = frozenset({"a", "l", "m", "v", "w", "g", "in", "'", "go"})
"""Words of their own too: a unit only right behind the number ("5m"), or where nothing or a noun follows."""
BINARY: Final = 1_024
"""How many GB some call a TB."""
