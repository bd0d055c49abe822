"""Words as they are compared: in lower case, without accents."""

import re
import unicodedata
from typing import Final

WORD: Final = re.compile(r"[^\W_]+")
"""A word of a query: letters and digits without a mark between them."""
_LIGATURES: Final = str.maketrans({"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ı": "i", "ð": "d"})


def folded(text: str) -> str:
    lower = text.lower()
    if lower.isascii():
        return lower
    marks = unicodedata.normalize("NFKD", lower)
    return "".join(char for char in marks if not unicodedata.combining(char)).translate(_LIGATURES)


def words_in(text: str) -> list[str]:
    return [folded(word) for word in WORD.findall(text)]


def normal(text: str) -> str:
    """What makes two queries the same one: in lower case, without surplus white space."""
    return " ".join(text.lower().split())
