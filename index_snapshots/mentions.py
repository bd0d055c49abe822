"""Whether a product has what its text names: "with fan", "fanless", "without a fan", `fan: false`."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, Literal, NamedTuple

Stance = Literal["has", "tells", "lacks", "silent"]
"""`tells`: only its description names it, which may be about something else."""
NOTHING: Final = frozenset(
    {"no", "none", "n", "false", "without", "not available", "not supported", "n/a", "nein", "non"}
)
"""Values of an attribute that say that a product lacks it."""
_ZERO: Final = re.compile(r"0(?:[.,]0+)?\s*\S{0,6}")
GLUED: Final = ("non", "anti")
"""These turn a word also where no space stands between: "nonstick"."""
PATTERNS_KEPT_MAX: Final = 512
BACK_CHARS: Final = 40
"""So far before a mention a word may stand that turns it."""


class Wanted(NamedTuple):
    """What is looked for."""

    phrase: str
    """In lower case, with one space between words."""
    before: tuple[str, ...]
    """Words that turn what they stand before into its opposite."""
    after: tuple[str, ...]
    """The same behind."""

    @property
    def shorter(self) -> "Wanted | None":
        """Without its last word; None when there is but one."""
        words = self.phrase.rpartition(" ")[0]
        return self._replace(phrase=words) if words else None


def may_name(body: bytes, wanted: Wanted) -> bool:
    """Whether it is worth reading the body: False only where nothing can be found in it."""
    stem = _searched(wanted).stem
    plain = stem.isascii() and stem.isalnum()  # what JSON may escape, and what has other lower-case letters, is read
    return not plain or stem.encode() in body.lower()


def stance(content: Mapping[str, Any], wanted: Wanted) -> Stance:
    """What a product's content (the JSON of a `Content`) says of it: title, brand and category first, then attributes,
    then the description."""
    searched = _searched(wanted)
    strong = list(_names(content, searched)) or list(_attributes(content.get("attributes") or {}, searched))
    if strong:
        return "has" if all(strong) else "lacks"
    weak = list(searched.mentions(content.get("description") or ""))
    if weak:
        return "tells" if all(weak) else "lacks"
    return "silent"


class Searched(NamedTuple):
    """A phrase, ready to be looked for: as plain text, which is quick, and by patterns only around what is found."""

    stem: str
    """What its first word begins with, in lower case."""
    words: "re.Pattern[str]"
    """The phrase, and what turns it behind."""
    turning: frozenset[str]
    """What turns it before."""

    def mentions(self, text: str) -> Iterator[bool]:
        """For each mention whether the thing is there."""
        lower = text.lower()
        at = lower.find(self.stem)
        while at >= 0:
            found = self.words.match(lower, at)
            if found is not None:
                before = lower[max(0, at - BACK_CHARS) : at]
                if before.rstrip(" -").endswith(GLUED):
                    yield False
                elif not before or not (before[-1].isalnum() or before[-1] == "_"):
                    yield not (found["free"] or self._turns(before))
            at = lower.find(self.stem, at + 1)

    def _turns(self, before: str) -> bool:
        """Whether one of the last words turns what follows; one word may stand between: "no added sugar"."""
        words = before.replace("-", " ").split()[-3:]
        if words and _ends(words[-1]):
            return False
        if _among(words, self.turning):
            return True
        return len(words) > 1 and not _ends(words[-2]) and _among(words[:-1], self.turning)


def _ends(word: str) -> bool:
    """Whether something else begins behind it: "no fan, touchscreen"."""
    return word[-1] in ",;.:!?()[]{}/|"


def _among(words: Sequence[str], turning: frozenset[str]) -> bool:
    return bool(words) and (words[-1] in turning or " ".join(words[-2:]) in turning)


def _names(content: Mapping[str, Any], searched: Searched) -> Iterator[bool]:
    for text in (content.get("title"), content.get("brand"), *(content.get("category") or ())):
        yield from searched.mentions(text or "")


def _attributes(attributes: Mapping[str, Any], searched: Searched) -> Iterator[bool]:
    stem = searched.stem
    for name, value in attributes.items():
        named = list(searched.mentions(name.replace("_", " "))) if stem in name.lower() else []
        if not named and isinstance(value, (str, list)):
            for given in _each(value):
                if isinstance(given, str) and stem in given.lower():
                    yield from searched.mentions(given)
        elif named:
            yield from (there is named[0] for given in _each(value) if (there := _there(given)) is not None)


def _each(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else [value]


def _there(value: Any) -> bool | None:
    """Whether the value of an attribute says that the product has it; None: it says how much, of whatever it is."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        text = value.strip().lower()
        return not (text in NOTHING or _ZERO.fullmatch(text))
    return False if value == 0 else None


@lru_cache(PATTERNS_KEPT_MAX)
def _searched(wanted: Wanted) -> Searched:
    after = _any_of(wanted.after)
    free = rf"(?P<free>[\s-]?(?:{after}))?" if wanted.after else r"(?P<free>(?!))?"
    words = r"[\s-]?".join(_forms(word) for word in wanted.phrase.split(" "))
    stem = _stem(wanted.phrase.partition(" ")[0])[0]
    return Searched(stem, re.compile(rf"{words}{free}(?!\w)"), frozenset(wanted.before))


def _any_of(words: Iterable[str]) -> str:
    return "|".join(re.escape(word).replace(r"\ ", r"\s+") for word in sorted(words, key=lambda word: -len(word)))


def _forms(word: str) -> str:
    """One and several of it."""
    stem, ends = _stem(word)
    return re.escape(stem) + ends


def _stem(word: str) -> tuple[str, str]:
    """What singular and plural share, and a pattern of how they go on."""
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3], "(?:y|ie|ies)"
    if len(word) > 3 and word.endswith("y") and word[-2] not in "aeiou":
        return word[:-1], "(?:y|ies)"
    if len(word) > 4 and word.endswith(("ses", "xes", "zes", "ches", "shes")):
        return word[:-2], "(?:e|es)?"
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1], "s?"
    return word, "(?:e?s)?"
