"""The words by which queries say prices and negations: one file of data per language, see words/en.toml."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

from serving.understanding.tokens import Phrases

LANGUAGES: Final = ("en", "de", "fr", "es", "it", "nl", "pt")
DEFAULT: Final = "en"


@dataclass(frozen=True)
class PriceWords:
    """How a price is said."""

    most: Phrases
    most_alone: frozenset[str]
    least: Phrases
    about: Phrases
    between: Phrases
    between_alone: frozenset[str]
    and_: Phrases
    lead: Phrases
    lead_alone: frozenset[str]
    ages: frozenset[str]
    follow: frozenset[str]


@dataclass(frozen=True)
class NegationWords:
    """How it is said what is not wanted."""

    before: Phrases
    skip: Phrases
    degree: frozenset[str]
    harmless: Phrases
    terms: Phrases
    join: frozenset[str]
    stop: frozenset[str]
    prefix: frozenset[str]
    suffix: frozenset[str]
    suffix_idioms: Phrases


@dataclass(frozen=True)
class MentionWords:
    """What tells whether a product has or lacks what its text names."""

    before: tuple[str, ...]
    after: tuple[str, ...]


@dataclass(frozen=True)
class Language:
    """All that is known of one."""

    code: str
    decimal: str
    """What stands before the cents."""
    price: PriceWords
    negation: NegationWords
    mention: MentionWords


def language(locale: str) -> Language:
    """Of a BCP 47 tag such as `de-AT`; English where nothing is known of it."""
    code = locale.partition("-")[0].lower()
    return _load(code if code in LANGUAGES else DEFAULT)


@cache
def _load(code: str) -> Language:
    data: Mapping[str, Any] = tomllib.loads(
        (files("serving.understanding") / "words" / f"{code}.toml").read_text(encoding="utf-8")
    )
    price, negation, mention = data["price"], data["negation"], data["mention"]
    return Language(
        code,
        data["decimal"],
        PriceWords(
            most=Phrases.of(price["most"]),
            most_alone=frozenset(price["most_alone"]),
            least=Phrases.of(price["least"]),
            about=Phrases.of(price["about"]),
            between=Phrases.of(price["between"]),
            between_alone=frozenset(price["between_alone"]),
            and_=Phrases.of(price["and"]),
            lead=Phrases.of(price["lead"]),
            lead_alone=frozenset(price["lead_alone"]),
            ages=frozenset(price["ages"]),
            follow=frozenset(price["follow"]),
        ),
        NegationWords(
            before=Phrases.of(negation["before"]),
            skip=Phrases.of(negation["skip"]),
            degree=frozenset(negation["degree"]),
            harmless=Phrases.of(negation["harmless"]),
            terms=Phrases.of(negation["terms"]),
            join=frozenset(negation["join"]),
            stop=frozenset(negation["stop"]),
            prefix=frozenset(negation["prefix"]),
            suffix=frozenset(negation["suffix"]),
            suffix_idioms=Phrases.of(negation["suffix_idioms"]),
        ),
        MentionWords(tuple(mention["before"]), tuple(mention["after"])),
    )
