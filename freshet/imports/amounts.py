"""Numbers and prices as people write them: decimal comma or point, thousands separators, currency before or after."""

import re
from typing import Literal

from freshet.imports.currencies import ISO_4217, SHARED_SYMBOLS, SYMBOLS

Mark = Literal["auto", ".", ","]
"""What stands before the decimals. `auto` tells by the text itself and refuses what could be read in two ways."""

SPACES = " \u00a0\u2009\u202f'’"
"""Thousands separators in every country where they are used."""
MARKS = ".,"
NO_CENTS = re.compile(r"(?:[.,:]?[-–—]+|[.,])$")
"""`19,-` and `1'299.–` are whole amounts."""
WHOLE_MAX = 2**63 - 1
"""A greater whole number is read as a float: an event's JSON does not hold it."""
GROUPED = re.compile(r"\d{1,3}(?:\d{3})*")


def parse_number(text: str, mark: Mark = "auto") -> int | float:
    """An int keeps every digit of a number without decimals. Raises ValueError with words for the merchant."""
    sign, digits = _signed(text)
    decimal = _decimal_mark(digits, text) if mark == "auto" else mark
    whole, _, cents = digits.partition(decimal) if decimal else (digits, "", "")
    for separator in MARKS.replace(decimal, "") + SPACES:
        whole = _ungrouped(whole, separator, text)
    if not (whole + cents).isascii() or not (whole + cents).isdigit():
        raise ValueError(f"{text!r} is not a number" + (f" with {decimal!r} before its decimals" if decimal else ""))
    whole = whole.lstrip("0") or "0"
    if not cents and len(whole) <= len(str(WHOLE_MAX)) and int(whole) <= WHOLE_MAX:
        return sign * int(whole)
    return sign * float(f"{whole}.{cents or '0'}")


def parse_money(text: str, mark: Mark = "auto", currency: str = "") -> tuple[float, str]:
    """Amount and ISO 4217 code. `currency` is that of texts that name none, or only `$`, `¥` or `kr`.

    Raises ValueError with words for the merchant.
    """
    rest, found = _currency(text.strip())
    code = currency or SHARED_SYMBOLS[found] if found in SHARED_SYMBOLS else found or currency
    if not code:
        raise ValueError(f"{text!r} does not say which currency it is in")
    return parse_number(NO_CENTS.sub("", rest), mark), code


def _signed(text: str) -> tuple[int, str]:
    digits = text.strip().strip(SPACES)
    if digits[:1] in "+-−" and digits:
        return (1 if digits[0] == "+" else -1), digits[1:].strip(SPACES)
    return 1, digits


def _decimal_mark(digits: str, text: str) -> str:
    """Of two marks the later one; a mark that stands twice separates thousands; `1,234` may be either: ValueError."""
    present = [mark for mark in MARKS if mark in digits]
    if len(present) == 2:
        return max(present, key=digits.rfind)
    if not present:
        return ""
    (mark,) = present
    if digits.count(mark) > 1:
        return MARKS.replace(mark, "")
    before, _, after = digits.partition(mark)
    if len(after) == 3 and GROUPED.fullmatch(before) and before[0] != "0" and len(before) <= 3:
        raise ValueError(f"{text!r} can be read in two ways; say number = {mark!r} or {MARKS.replace(mark, '')!r}")
    return mark


def _ungrouped(whole: str, separator: str, text: str) -> str:
    """Takes thousands separators out; groups have three digits, or two before the last one (India)."""
    groups = whole.split(separator)
    if len(groups) == 1:
        return whole
    sizes = [len(re.sub(r"\D", "", group)) for group in groups]
    if not 1 <= sizes[0] <= 3 or sizes[-1] % 3 or any(size not in (2, 3) and size % 3 for size in sizes[1:]):
        raise ValueError(f"{text!r} is not a number: {separator!r} does not separate thousands there")
    return "".join(groups)


def _currency(text: str) -> tuple[str, str]:
    """What is left without the currency, and its code, or a symbol that several countries use, or nothing."""
    code = re.match(r"([A-Za-z]{3})\b(?!\.)", text) or re.search(r"(?<![A-Za-z])([A-Za-z]{3})$", text)
    if code and code[1].upper() in ISO_4217:
        return (text[: code.start()] + text[code.end() :]).strip(), code[1].upper()
    for symbol in sorted((*SYMBOLS, *SHARED_SYMBOLS), key=len, reverse=True):
        for place in (slice(0, len(symbol)), slice(len(text) - len(symbol), None)):
            if len(text) > len(symbol) and text[place].lower() == symbol.lower():
                rest = text[len(symbol) :] if place.start == 0 else text[: -len(symbol)]
                return rest.strip(), SYMBOLS.get(symbol, symbol)
    return text, ""
