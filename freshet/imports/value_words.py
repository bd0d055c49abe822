"""Words for yes and no, and for whether a product can be bought."""

from schemas.records import AVAILABILITIES, Availability

YES = frozenset({"yes", "y", "true", "t", "1", "on", "ja", "j", "oui", "si", "sí", "sim", "x"})
NO = frozenset({"no", "n", "false", "f", "0", "off", "nein", "non", "nee", "não"})

BUYABLE: dict[str, Availability] = {
    "instock": "in_stock",
    "available": "in_stock",
    "availablefororder": "in_stock",
    "onstock": "in_stock",
    "lowstock": "in_stock",
    "limitedavailability": "in_stock",
    "instoreonly": "in_stock",
    "onlineonly": "in_stock",
    "auflager": "in_stock",
    "verfügbar": "in_stock",
    "enstock": "in_stock",
    "outofstock": "out_of_stock",
    "oos": "out_of_stock",
    "soldout": "out_of_stock",
    "notavailable": "out_of_stock",
    "unavailable": "out_of_stock",
    "ausverkauft": "out_of_stock",
    "nichtverfügbar": "out_of_stock",
    "preorder": "preorder",
    "presale": "preorder",
    "backorder": "backorder",
    "backordered": "backorder",
    "onbackorder": "backorder",
    "discontinued": "discontinued",
}
"""Without case, spaces, `_` and `-`; schema.org's names are among them."""


def yes_or_no(text: str) -> bool:
    """Raises ValueError for any other word."""
    word = text.strip().lower()
    if word in YES:
        return True
    if word in NO:
        return False
    raise ValueError(f"{text!r} is neither yes nor no; list it under words")


def availability_of(value: object) -> str:
    """One of `AVAILABILITIES`. Raises ValueError for a word that is not known."""
    if isinstance(value, bool):
        return "in_stock" if value else "out_of_stock"
    text = str(value).strip()
    word = "".join(char for char in text.rpartition("/")[2].lower() if char not in " _-")
    if word in BUYABLE:
        return BUYABLE[word]
    if word in YES or word in NO:
        return "in_stock" if word in YES else "out_of_stock"
    known = ", ".join(AVAILABILITIES)
    raise ValueError(f"{text!r} is not a known availability; list it under words as one of {known}")
