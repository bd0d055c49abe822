"""docs/coming-from.md says what is done here in the place of what is done there; each of its examples does it.

The examples stand in the document alone, what they must find here alone: a line is neither forgotten nor wrong.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from freshet.reference.cli_page import commands
from schemas.settings import known_keys
from tests.conftest import REPOSITORY
from tests.unit.docs.small_shop import small_shop
from tests.unit.serving.fakes import Tier

TEXT = (REPOSITORY / "docs" / "coming-from.md").read_text(encoding="utf-8")
STATES = {"supported", "different", "not supported"}
EXAMPLE = re.compile(r"(?<!\[)`((?:\"|[A-Z]+ /v1/|freshet |FRESHET_)[^`]*)`")
REQUEST = re.compile(r"([A-Z]+) (\S+)(?: (\{.*))?")
COMMANDS = dict(commands())
ALL = ["chair", "lamp", "spot"]


class Line(NamedTuple):
    engine: str
    theirs: str
    state: str
    ours: str


def lines() -> Iterator[Line]:
    for engine, told in re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", TEXT, re.M | re.S):
        for row in re.findall(r"^\| (.*) \|$", told, re.M):
            theirs, state, ours = (cell.strip() for cell in re.split(r"(?<!\\)\|", row))
            if theirs != engine:
                yield Line(engine, theirs, state, ours)


LINES = list(lines())
ENGINES = sorted({line.engine for line in LINES})


def skus(answer: Any) -> list[str]:
    return sorted(hit["sku"] for hit in answer["hits"])


def brands(answer: Any) -> dict[str, int]:
    return {one["value"]: one["count"] for one in answer["facets"]["brand"]["values"]}


def found(*wanted: str) -> Callable[[Any], bool]:
    return lambda answer: skus(answer) == sorted(wanted)


def first(answer: Any) -> Any:
    return answer["hits"][0]


MEANT: Mapping[str, Callable[[Any], bool]] = {
    '"text": "brass"': found("lamp", "spot"),
    '"text": ""': found(*ALL),
    '"text": "bra", "typing": true': found("lamp", "spot"),
    '"text": "brasz", "typos": false': lambda answer: answer["corrected"] is None and not answer["hits"],
    '"text": "brass", "synonyms": false': found("lamp", "spot"),
    '"filters": {"brand": ["Lumen", "Orbit"]}': found(*ALL),
    '"filters": {"price_min": 10, "price_max": 30}': found("lamp"),
    '"filters": {"attributes": {"watts": {"min": 10}}}': found("spot"),
    '"filters": {"not": {"attributes": {"colour": ["red"]}}}': found("lamp"),
    '"filters": {"any": [{"brand": ["Orbit"]}, {"attributes": {"colour": ["green"]}}]}': found("lamp", "spot"),
    '"sort": "price_asc"': lambda answer: [hit["sku"] for hit in answer["hits"]] == ["lamp", "spot", "chair"],
    '"facets": ["brand", "attributes.watts"]': lambda answer: (
        brands(answer) == {"Lumen": 2, "Orbit": 1} and answer["facets"]["attributes.watts"]["stats"]["max"] == 40
    ),
    '"facets": [{"field": "price", "ranges": [30]}]': lambda answer: (
        [one["count"] for one in answer["facets"]["price"]["ranges"]] == [1, 2]
    ),
    '"facets": [{"field": "brand", "search": "lu"}]': lambda answer: brands(answer) == {"Lumen": 2},
    '"facets": [{"field": "brand", "limit": 1}]': lambda answer: brands(answer) == {"Lumen": 2},
    '"page": 2, "limit": 1': lambda answer: len(answer["hits"]) == 1 and (answer["page"], answer["found"]) == (2, 3),
    '"group_by": "brand", "group_limit": 1': lambda answer: len(answer["hits"]) == 2,
    '"group_by": "brand"': lambda answer: len(answer["hits"]) == 2,
    '"text": "oak", "fields": ["brand"]': lambda answer: (
        (first(answer)["content"]["brand"], first(answer)["content"]["category"]) == ("Lumen", None)
    ),
    '"text": "oak", "highlight": {"fields": ["title"], "before": "<em>", "after": "</em>"}': lambda answer: (
        first(answer)["highlights"]["title"] == "<em>Oak</em> chair"
    ),
    '"text": "oak", "highlight": {"fields": ["title"], "before": "<em>", "after": "</em>", "snippet_words": 10}': (
        lambda answer: first(answer)["highlights"]["title"] == "<em>Oak</em> chair"
    ),
    '"text": "light", "mode": "vector"': found(*ALL),
    '"text": "oak", "mode": "words"': found("chair"),
    '"text": "oak", "explain": true': lambda answer: answer["explain"] is not None,
    '"text": "oak", "locale": "en"': found("chair"),
}
"""What the answer to each example of a search must be."""
ANSWERED: Mapping[str, int] = {"POST /v1/catalog": 202, "PATCH": 202, "DELETE": 202, "POST /v1/clicks": 202}
"""The status of requests that are not answered 200."""


def test_each_line_says_what_is_supported_and_each_supported_one_how() -> None:
    assert {line.state for line in LINES} == STATES and ENGINES == ["Meilisearch", "Typesense"]
    without = [line for line in LINES if line.state == "supported" and not EXAMPLE.search(line.ours)]
    assert [line.theirs for line in without] == ["scoped search keys (`filter_by`, `expires_at`)"]  # test_secured.py
    assert "(keys.md#secured-keys)" in without[0].ours


def test_what_is_expected_is_what_the_document_shows() -> None:
    shown = [text for line in LINES for text in EXAMPLE.findall(line.ours) if text.startswith('"')]
    assert set(shown) == set(MEANT)


@pytest.mark.parametrize("engine", ENGINES)
async def test_every_example_does_it(engine: str, tmp_path: Path) -> None:
    wrong = []
    async with small_shop(tmp_path) as tier:
        for line in LINES:
            for text in EXAMPLE.findall(line.ours) if line.engine == engine else ():
                if not await does(text, tier):
                    wrong.append(f"{line.theirs}: {text}")
    assert wrong == []


async def does(text: str, tier: Tier) -> bool:
    """Whether an example does what it must."""
    if text.startswith('"'):
        asked = {"text": "", "mode": "words", "fallback": [], **json.loads(f"{{{text}}}")}
        response = await tier.client.post("/v1/search", json=asked)
        return response.status == 200 and MEANT[text](await response.json())
    if request := REQUEST.fullmatch(text):
        method, path, body = request.groups()
        response = await tier.client.request(method, path, json=json.loads(body) if body else None)
        return response.status == ANSWERED.get(method, ANSWERED.get(f"{method} {path}", 200))
    if text.startswith("FRESHET_"):
        return text.removeprefix("FRESHET_").lower() in known_keys()
    words = text.split(" --")
    options = {option for each in COMMANDS[words[0]].params for option in each.opts}
    return {"--" + word.split()[0] for word in words[1:]} <= options
