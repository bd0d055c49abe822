"""Words of the query light up in the texts of hits, safely in any language; of a description its best part is shown."""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from index_snapshots.word_index import LOCALES
from schemas.highlight import (
    ANSWER_CHARS_MAX,
    FIELDS,
    HIGHLIGHT_CHARS_MAX,
    SNIPPET_WORDS_MAX,
    TAG_CHARS_MAX,
    HighlightAsk,
)
from schemas.records import CONTENT_FIELDS, Content
from schemas.search import SearchRequest
from serving.highlighting import highlighted
from serving.lit_words import QueryWords, tokens
from tests.unit.serving.fakes import FakeShard, Tier, hit, state

PLAIN = HighlightAsk(before="[", after="]", fields=["title", "brand", "description"], snippet_words=5)


def title(text: str, query: str, locale: str | None = None, typing: bool = False) -> str:
    one = hit("a").model_copy(update={"content": Content(title=text, locale=locale)})
    (lit,) = highlighted([one], QueryWords(query, typing), PLAIN)
    return lit.highlights["title"]


@pytest.mark.parametrize(
    ("text", "query", "lit"),
    [
        ("Red lamps", "lamp", "Red [lamps]"),
        ("The lamp of lamps", "the lamp ", "The [lamp] of [lamps]"),
        ("Café tables", "cafe table", "[Café] [tables]"),
        ("Cafe\u0301 bar", "café", "[Cafe\u0301] bar"),
        ('A <b>"lamp"</b> & more', "lamp", "A &lt;b&gt;&quot;[lamp]&quot;&lt;/b&gt; &amp; more"),
        ("Sony WH-1000XM4 black", "wh1000xm4", "Sony [WH-1000XM4] black"),
        ("Sony WH-1000XM4 black", "WH 1000 XM4", "Sony [WH-1000XM4] black"),
        ("Sony WH1000XM4", "wh-1000xm4", "Sony [WH1000XM4]"),
        ("USB充電器の台", "充電器", "USB[充電器]の台"),
        ("हिन्दी किताब", "किताब", "हिन्दी [किताब]"),
        ("Lampshade", "lamp", "[Lampshade]"),  # no whole word: the last one may be unfinished
        ("Lamp and lampshade", "lamp", "[Lamp] and lampshade"),
        ("Lampshade", "lamp ", "Lampshade"),  # a space after it: it is finished
        ("Chair", "lamp", "Chair"),
        ("Chair", "", "Chair"),
        ("Chair", "!?", "Chair"),
    ],
)
def test_words_light_up_as_the_index_takes_them(text: str, query: str, lit: str) -> None:
    assert title(text, query) == lit


@given(st.text(st.characters(codec="ascii")))
def test_plain_texts_come_apart_as_all_others_do(text: str) -> None:
    *as_others, _ = tokens(text + " é", "en")
    assert list(tokens(text, "en")) == as_others


def test_each_language_has_its_stems() -> None:
    assert title("Schöne Häuser", "haus", "de-AT") == "Schöne [Häuser]"
    assert title("Schöne Häuser", "haus ", "en") == "Schöne Häuser"
    assert title("Lampade da tavolo", "lampada", "it") == "[Lampade] da tavolo"


def test_while_typing_beginnings_count_too() -> None:
    assert title("Lamp and lampshade", "lamp", typing=True) == "[Lamp] and [lampshade]"


@given(st.text(max_size=60), st.text(max_size=20), st.sampled_from([*LOCALES, "ja", ""]))
def test_any_text_stays_what_it_is(text: str, query: str, locale: str) -> None:
    ask = HighlightAsk(before="\x01", after="\x02", fields=["title"])
    one = hit("a").model_copy(update={"content": Content.model_construct(title=text, locale=locale)})
    (lit,) = highlighted([one], QueryWords(query), ask)
    shown = lit.highlights.get("title", "")
    plain = shown.replace("\x01", "").replace("\x02", "") if "\x01" not in text and "\x02" not in text else None
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert plain in (None, escaped.replace('"', "&quot;").replace("'", "&#x27;"))
    found = list(tokens(text, "en"))
    assert all(one.end <= other.start for one, other in pairwise(found))


def described(text: str, query: str, hits: int = 1) -> str:
    one = hit("a").model_copy(update={"content": Content(title="A", description=text)})
    return highlighted([one] * hits, QueryWords(query), PLAIN)[0].highlights["description"]


def test_of_a_description_the_words_around_the_best_place_are_shown() -> None:
    text = "one lamp two three four five. A red lamp, six & seven eight"
    assert described(text, "red lamp ") == "…four five. A [red] [lamp]…"
    assert described("one two three four five six", "lamp") == "one two three four five…"
    assert described("one two", "two") == "one [two]"
    assert described("a b c d e f lamp", "lamp ") == "…c d e f [lamp]"


def test_what_lies_too_deep_is_not_looked_at() -> None:
    words = ("x" * 9 + " ") * (HIGHLIGHT_CHARS_MAX // 10 - 1)
    assert described(words + " lamp mp", "lamp ").endswith("[lamp]…")
    assert "[" not in described(words + "       lamp", "lamp ")
    hits = 2 * ANSWER_CHARS_MAX // HIGHLIGHT_CHARS_MAX
    assert "[" not in described(words + " lamp mp", "lamp ", hits), "of many hits less of each"


def test_limits_of_what_is_asked() -> None:
    def asked(**highlight: Any) -> HighlightAsk | None:
        return SearchRequest.model_validate({"highlight": highlight}).highlight

    assert asked(before="x" * TAG_CHARS_MAX, snippet_words=SNIPPET_WORDS_MAX, fields=[*FIELDS]) is not None
    for wrong in (
        {"before": "x" * (TAG_CHARS_MAX + 1)},
        {"after": "x" * (TAG_CHARS_MAX + 1)},
        {"snippet_words": SNIPPET_WORDS_MAX + 1},
        {"fields": [*FIELDS, "title"]},
        {"fields": ["attributes"]},
    ):
        with pytest.raises(ValidationError):
            asked(**wrong)
    assert SearchRequest.model_validate({"highlight": True}).highlight == HighlightAsk()
    assert SearchRequest.model_validate({"highlight": False}).highlight is None
    assert set(CONTENT_FIELDS) == set(Content.model_fields)


async def test_an_answer_shows_what_was_asked_for() -> None:
    lamp = hit("a", title="Red <lamps>")
    async with Tier([[FakeShard(state(0), [lamp])]]) as tier:
        (one,) = (await tier.search(text="lamp", highlight=True, fields=["url"]))["hits"]
        assert one["highlights"] == {"title": "Red &lt;<mark>lamps</mark>&gt;"}
        assert (one["content"]["title"], one["content"]["brand"]) == ("Red <lamps>", None)
        (one,) = (await tier.search(text="lamp", fields=["brand"]))["hits"]
        assert (one["content"]["brand"], one["highlights"]) == ("Lumen", {})
        assert (await tier.client.post("/v1/search", json={"fields": ["price"]})).status == 400
