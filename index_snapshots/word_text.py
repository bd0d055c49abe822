"""What is indexed of a product's words: its text with weights, further attributes, and its codes."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Final, NamedTuple

TITLE_TIMES: Final = 3
BRAND_TIMES: Final = 2
CATEGORY_TIMES: Final = 2
"""How often a word counts that stands there; one in the description or in a declared attribute counts once."""
TEXT_CHARS_MAX: Final = 10_000
"""Of a description, and of the attributes together: what comes later is not indexed."""
CODES_MAX: Final = 128
"""Per product; one of the shared catalogue has 127 EANs."""
CODE_CHARS_MIN: Final = 3
CODE_CHARS_MAX: Final = 40
"""A model's name may be a sentence: that is no code."""
CODE_ATTRIBUTES: Final = frozenset(
    {"ean", "gtin", "gtin8", "gtin12", "gtin13", "gtin14", "upc", "isbn", "asin", "sku", "mpn", "model", "modelnumber"}
    | {"partnumber", "articlenumber", "manufacturerpartnumber", "productcode"}
)
"""Attributes that name the product, by their name without case and marks."""
NAMES_KEPT_MAX: Final = 4_096
"""Names of attributes of which is remembered whether they name a code: to work it out took half of a product's time."""
BARCODE_DIGITS_MIN: Final = 8
"""Digits only, and so many: leading zeros mean nothing (a UPC is an EAN without one)."""

_DIGIT = re.compile(r"\d")
MARKED = re.compile(r"[^\W_]+(?:[-/._+][^\W_]+)+")
CJK = re.compile(r"[\u1100-\u11ff\u3040-\u30ff\u3130-\u318f\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff]+")


class Spoken(NamedTuple):
    """A product as the index of words takes it."""

    locale: str
    """As the merchant wrote it; empty: none."""
    text: str
    attributes: str
    """Those that are not declared as facets: they count less."""
    codes: list[str]


def spoken(sku: str, content: Mapping[str, Any], declared: Collection[str]) -> Spoken:
    """`content`: as `schemas.records.Content` writes it; `declared`: names of attributes that are facets."""
    title, brand = content["title"], content.get("brand") or ""
    attributes: Mapping[str, Any] = content.get("attributes") or {}
    known = [text for name in declared if name in attributes for text in _texts(name, attributes[name])]
    others = [text for name, value in attributes.items() if name not in declared for text in _texts(name, value)]
    text = [
        *[title] * TITLE_TIMES,
        *[brand] * BRAND_TIMES,
        *[" ".join(content.get("category") or ())] * CATEGORY_TIMES,
        *joined_forms(title),
        (content.get("description") or "")[:TEXT_CHARS_MAX],
        "\n".join(known)[:TEXT_CHARS_MAX],
    ]
    return Spoken(
        content.get("locale") or "",
        in_pairs("\n".join(part for part in text if part)),
        in_pairs("\n".join(others)[:TEXT_CHARS_MAX]),
        list(_codes(sku, attributes)),
    )


def joined_forms(text: str) -> Iterator[str]:
    """Model numbers as they are typed without their marks: WH-1000XM4 as wh1000xm4."""
    for found in MARKED.findall(text):
        if has_digit(found):
            yield as_code(found)


def as_code(text: str) -> str:
    """Letters and digits only, small; barcodes without leading zeros."""
    code = "".join(char for char in text.lower() if char.isalnum())
    if len(code) >= BARCODE_DIGITS_MIN and code.isdecimal():
        return code.lstrip("0") or "0"
    return code


def has_digit(text: str) -> bool:
    return _DIGIT.search(text) is not None


def in_pairs(text: str) -> str:
    """Chinese, Japanese and Korean are written without spaces, or with few: each run becomes its pairs of signs."""
    return text if text.isascii() else CJK.sub(_pairs, text)


def _pairs(found: re.Match[str]) -> str:
    run = found[0]
    pairs = [run] if len(run) == 1 else [run[at : at + 2] for at in range(len(run) - 1)]
    return f" {' '.join(pairs)} "


def _texts(name: str, value: object) -> Iterable[str]:
    """Words of an attribute. Numbers say nothing without a unit; what is true says its name."""
    if value is True:
        return (name.replace("_", " "),)
    items = value if isinstance(value, list) else (value,)
    return (item for item in items if isinstance(item, str))


@lru_cache(maxsize=NAMES_KEPT_MAX)
def _names_code(attribute: str) -> bool:
    return as_code(attribute) in CODE_ATTRIBUTES


def _codes(sku: str, attributes: Mapping[str, Any]) -> Iterable[str]:
    codes = {as_code(sku): None}
    for name, value in attributes.items():
        if _names_code(name):
            for item in value if isinstance(value, list) else (value,):
                code = "" if isinstance(item, bool) else as_code(str(item))
                if CODE_CHARS_MIN <= len(code) <= CODE_CHARS_MAX and has_digit(code):
                    codes[code] = None
    return [code for code in codes if code][:CODES_MAX]
