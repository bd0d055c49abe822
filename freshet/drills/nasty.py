"""Queries that nobody types by accident, drawn from a seed: they must be answered or refused, and never break anything.

Each is a body of `POST /v1/search` as bytes, since some are no JSON at all.
"""

import random
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

import orjson

from schemas.limits import FILTER_DEPTH_MAX, FILTER_NODES_MAX, QUERY_CHARS_MAX

LONG: Final = 10_000
"""Characters; ten times what is taken."""
STOP_WORDS: Final = (
    "the",
    "of",
    "and",
    "a",
    "für",
    "und",
    "de",
    "la",
    "les",
    "il",
    "het",
    "o",
    "not",
    "without",
    "under",
)
OPERATORS: Final = (*"+-!(){}[]^\"~*?:\\/&|<>=%$#@;,.'`_", "AND", "OR", "NOT", "TO", "&&", "||", "title:", "^9", "~2")
READ_WORDS: Final = (
    "under",
    "over",
    "between",
    "and",
    "euro",
    "€",
    "$",
    "less than",
    "cm",
    "inch",
    "gb",
    "x",
    "5",
    "1,5",
)
"""What is read out of a query, in an order that nobody would say it in."""
TURNING: Final = ("without", "no", "not", "free", "ohne", "nicht", "sans", "-", "non")
BIDI: Final = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f"
EMOJI: Final = ("😀", "👩‍👩‍👧‍👦", "🏳️‍🌈", "👍🏽", "🇩🇪", "❤️", "\ufe0f", "\u200d")
SCRIPTS: Final = (
    "лампа",
    "مصباح",
    "מנורה",
    "โคมไฟ",
    "दीपक",
    "ランプ",
    "전등",
    "灯",
    "λάμπα",
    "İıſẞǅ",
    "ﷺ",
    "ﬁ",
    "Ⅻ",
    "½",
)
WORDS: Final = ("lamp", "red", "4k", "wh-1000xm4", "usb c", "12345678901234567890")

Draw = random.Random


class Nasty(NamedTuple):
    kind: str
    body: bytes
    taken: bool
    """Whether it is a well-formed question that must be answered; else it may be refused, with a reason."""


def nasty_queries(seed: int, count: int) -> Iterator[Nasty]:
    """The same for the same seed; every kind comes up."""
    draw = Draw(seed)
    kinds = [*TEXTS, *BODIES]
    for number in range(count):
        kind = kinds[number % len(kinds)]
        if kind in TEXTS:
            text = TEXTS[kind](draw)
            asked = {"text": text, **draw.choice(WAYS)}
            yield Nasty(kind, orjson.dumps(asked), len(text) <= QUERY_CHARS_MAX)
        else:
            yield Nasty(kind, *BODIES[kind](draw))


WAYS: Final[tuple[dict[str, object], ...]] = (
    {},
    {},
    {"mode": "words"},
    {"mode": "vector"},
    {"typing": True},
    {"explain": True},
    {"limit": 100, "page": 10},
    {"locale": "de"},
    {"locale": "x-𝕏-\u0000"},
    {"session": "s"},
    {"filters": {"brand": ["\u0000"], "not": {"category": [["\u202e"]]}}},
    {"filters": {"price_min": 1e-300, "price_max": 1e300, "in_stock": False}},
)


def _some(of: tuple[str, ...], most: int, between: str = " ") -> Callable[[Draw], str]:
    return lambda draw: between.join(draw.choices(of, k=draw.randint(1, most)))[:QUERY_CHARS_MAX]


def _any_character(draw: Draw) -> str:
    """Of any plane, unassigned and private ones too."""
    return "".join(
        chr(code if not 0xD800 <= code <= 0xDFFF else code - 0x800)
        for code in (draw.randrange(0x110000) for _ in range(draw.randint(1, QUERY_CHARS_MAX)))
    )


def _long(draw: Draw) -> str:
    return draw.choice([*WORDS, *SCRIPTS, "a", "9", "\u0301", "😀"]) * LONG


def _one_word(draw: Draw) -> str:
    return (draw.choice(["a", "9", "-", "z9", "灯", "ß", "İ", "x1", "1.", "1-", "e\u0301"]) * QUERY_CHARS_MAX)[
        :QUERY_CHARS_MAX
    ]


def _marked(draw: Draw) -> str:
    """A letter below a tower of accents."""
    return "".join(f"e{chr(draw.randrange(0x300, 0x370)) * draw.randint(1, 99)}" for _ in range(9))[:QUERY_CHARS_MAX]


TEXTS: Final[dict[str, Callable[[Draw], str]]] = {
    "any characters": _any_character,
    "control characters": lambda draw: "".join(chr(draw.randrange(32)) for _ in range(draw.randint(1, 200))) + "lamp",
    "nul": lambda draw: "\0".join(draw.choices(WORDS, k=draw.randint(1, 9))),
    "10,000 characters": _long,
    "as long as it may be": _one_word,
    "operators": _some(OPERATORS + WORDS, 60, ""),
    "operators between words": _some(OPERATORS + WORDS, 60),
    "only stop words": _some(STOP_WORDS, 80),
    "only white space": _some((" ", "\t", "\n", "\u00a0", "\u2003", "\u3000", "\u200b", "\ufeff"), 200, ""),
    "bidi": lambda draw: "".join(draw.choices([*BIDI, *WORDS, *SCRIPTS], k=draw.randint(1, 60))),
    "emoji": _some(EMOJI, 90, ""),
    "scripts": _some(SCRIPTS, 60),
    "towers of accents": _marked,
    "prices and sizes": _some(READ_WORDS, 120),
    "sizes without spaces": _some(("5", "x", "1,5", "cm", ".", "inch", "-", "/"), 300, ""),
    "what is not wanted": _some(TURNING + WORDS, 120),
    "one letter each": lambda draw: " ".join(draw.choices("abcdefghijklmnopqrstuvwxyz0123456789", k=500)),
    "codes": lambda draw: "-".join(str(draw.randrange(10**9)) for _ in range(draw.randint(1, 90)))[:QUERY_CHARS_MAX],
}


def _refused(*bodies: bytes) -> Callable[[Draw], tuple[bytes, bool]]:
    return lambda draw: (draw.choice(bodies), False)


def _inside(depth: int) -> bytes:
    return b'{"text":"lamp","filters":' + b'{"not":' * depth + b'{"in_stock":true}' + b"}" * depth + b"}"


def _deep(draw: Draw) -> tuple[bytes, bool]:
    depth = draw.choice([FILTER_DEPTH_MAX - 1, FILTER_DEPTH_MAX, 100, 5_000])
    return _inside(depth), depth < FILTER_DEPTH_MAX


def _wide(draw: Draw) -> tuple[bytes, bool]:
    word, count = draw.choice(["all", "any"]), draw.choice([FILTER_NODES_MAX - 1, FILTER_NODES_MAX, 5_000])
    return orjson.dumps({"text": "lamp", "filters": {word: [{"in_stock": True}] * count}}), count < FILTER_NODES_MAX


BODIES: Final[dict[str, Callable[[Draw], tuple[bytes, bool]]]] = {
    "filters in filters": _deep,
    "many filters": _wide,
    "lone surrogates": _refused(
        rb'{"text":"\ud800"}', rb'{"text":"a\udfffb"}', rb'{"text":"\udc00\ud800"}', rb'{"session":"\ud83d"}'
    ),
    "no UTF-8": _refused(
        b'{"text":"\xff\xfe"}', b'{"text":"\xc0\x80"}', b'{"text":"\xed\xa0\x80"}', b"\xff", b'{"text":"\xe2\x82'
    ),
    "no question": _refused(
        b"", b"null", b"[]", b"1", b'"lamp"', b"{", b"[" * 50_000, b'{"a":' * 50_000, b"\0", b'{"text":"lamp"}}'
    ),
    "wrong types": _refused(
        b'{"text":null}',
        b'{"text":1}',
        b'{"text":["lamp"]}',
        b'{"text":{"$gt":""}}',
        b'{"filters":[]}',
        b'{"limit":"10"}',
        b'{"limit":1e400}',
        b'{"page":1e3}',
        b'{"filters":{"price_min":NaN}}',
        b'{"filters":{"price_max":-Infinity}}',
        b'{"limit":9999999999999999999999999}',
        b'{"page":-1}',
        b'{"limit":0}',
        b'{"typing":"yes"}',
        b'{"mode":"\\u0000"}',
        b'{"__proto__":{}}',
        b'{"understand":["x"]}',
        b'{"at_least":["\\u0000"]}',
        b'{"filters":{"attributes":{"nobody":["x"]}}}',
    ),
}
