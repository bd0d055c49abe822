"""Judges how a running Freshet deals with misspelt queries, by pairs of a query and its correction that people made.

A pair counts where the correction has at least HITS_MIN hits by words. Its answer with spelling left alone is the
truth, in the same mode. A misspelt query is right when half of that top 10 is in its own; a correct one is harmed when
more than half of it goes because its words were "corrected".
"""

import asyncio
import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import quantiles
from typing import Any, Final

from bench.shop import Shop
from bench.understanding import Answer, Search

CUT: Final = 10
HITS_MIN: Final = 3
HALF: Final = 0.5
IN_FLIGHT_MAX: Final = 2
COLUMNS: Final = ("query", "corrected")


@dataclass(frozen=True)
class Pair:
    query: str
    corrected: str


@dataclass(frozen=True)
class Failure:
    """A misspelt query that was not right with spelling put right, or a correct one that was harmed."""

    query: str
    corrected: str
    """As people did; of a correct query itself."""
    searched: str
    """What Freshet made of it."""
    cause: str

    @property
    def told(self) -> dict[str, str]:
        return {"query": self.query, "corrected": self.corrected, "searched": self.searched, "cause": self.cause}


HARMED: Final = "correct, and harmed"
AS_PEOPLE_DID: Final = "corrected as people did, and other hits"
OTHERWISE: Final = "corrected otherwise"
NOT_KNOWN: Final = "left, though the catalogue lacks a word"
ALL_KNOWN: Final = "left: the catalogue has all of its words"


@dataclass
class Figures:
    """Of one mode, with spelling left alone or put right."""

    right: list[bool] = field(default_factory=list)
    empty: list[bool] = field(default_factory=list)
    harmed: list[bool] = field(default_factory=list)
    took_ms: list[float] = field(default_factory=list)
    corrected_took_ms: list[float] = field(default_factory=list)
    """Of misspelt queries that something was put right in."""
    exact: int = 0
    """Queries that were corrected just as people did."""
    failures: list[Failure] = field(default_factory=list)

    def told(self) -> dict[str, Any]:
        return {
            "overlap_half": _share(self.right),
            "zero_results": _share(self.empty),
            "harmed": _share(self.harmed),
            "corrected": len(self.corrected_took_ms),
            "corrected_as_people_did": self.exact,
            "took_ms": _p50_p95(self.took_ms),
            "corrected_took_ms": _p50_p95(self.corrected_took_ms),
            "failures": [failure.told for failure in sorted(self.failures, key=lambda one: (one.cause, one.query))],
        }


def read_pairs(folder: Path) -> list[Pair]:
    """Of all typos_*.csv (columns query, corrected). Raises ValueError that names what is missing."""
    paths = sorted(folder.glob("typos_*.csv"))
    if not paths:
        raise ValueError(f"{folder} holds no typos_*.csv (columns {', '.join(COLUMNS)})")
    pairs: list[Pair] = []
    for path in paths:
        with path.open(encoding="utf-8", newline="") as lines:
            rows = csv.DictReader(lines)
            missing = [column for column in COLUMNS if column not in (rows.fieldnames or [])]
            if missing:
                raise ValueError(f"{path} has no column {missing[0]}; it needs {', '.join(COLUMNS)}")
            pairs += [Pair(row["query"], row["corrected"]) for row in rows]
    return pairs


async def evaluate_shop(
    url: str, pairs: Sequence[Pair], modes: Sequence[str], *, locale: str | None = None, key: str = ""
) -> dict[str, Any]:
    """Of a running Freshet. Raises ShopError when an answer stays incomplete."""
    async with Shop(url, key) as shop:

        async def search(body: dict[str, Any]) -> Answer:
            return await shop.whole({**body, "locale": locale})

        return await evaluate_typos(search, pairs, modes)


async def evaluate_typos(search: Search, pairs: Sequence[Pair], modes: Sequence[str]) -> dict[str, Any]:
    """`pairs`: how many there are, `counted` those with hits; by mode the figures of `Figures.told` with spelling left
    alone (`off`) and put right (`on`)."""
    turns = asyncio.Semaphore(IN_FLIGHT_MAX)
    figures = {mode: {"off": Figures(), "on": Figures()} for mode in modes}

    async def one(pair: Pair) -> bool:
        async with turns:
            plain = await _ask(search, pair.corrected, "words", typos=False)
            if len(plain["hits"]) < HITS_MIN:
                return False
            for mode in modes:
                await _compare(search, pair, mode, figures[mode])
            return True

    counted = sum(await asyncio.gather(*map(one, pairs)))
    told = {mode: {name: each.told() for name, each in both.items()} for mode, both in figures.items()}
    return {"pairs": len(pairs), "counted": counted, **told}


async def _compare(search: Search, pair: Pair, mode: str, figures: Mapping[str, Figures]) -> None:
    truth = await _ask(search, pair.corrected, mode, typos=False)
    for name, each in figures.items():
        answer = await _ask(search, pair.query, mode, typos=name == "on")
        each.right.append(overlap(answer, truth) >= HALF)
        each.empty.append(not answer["hits"])
        each.took_ms.append(answer["took_ms"])
        if answer["corrected"]:
            each.corrected_took_ms.append(answer["took_ms"])
            each.exact += _words(answer["corrected"]["text"]) == _words(pair.corrected)
    on, same = figures["on"], await _ask(search, pair.corrected, mode, typos=True)
    on.harmed.append(overlap(same, truth) < HALF)
    if on.harmed[-1]:
        on.failures.append(Failure(pair.corrected, pair.corrected, _searched(same, pair.corrected), HARMED))
    if not on.right[-1]:
        again = await _ask(search, pair.query, mode, typos=True, explain=True)
        on.failures.append(Failure(pair.query, pair.corrected, _searched(again, pair.query), cause(again, pair)))


def cause(answer: Answer, pair: Pair) -> str:
    """Why a misspelt query is not right; `answer`: explained."""
    if not answer["corrected"]:
        return NOT_KNOWN if answer["explain"]["words"]["unknown"] else ALL_KNOWN
    return AS_PEOPLE_DID if _words(answer["corrected"]["text"]) == _words(pair.corrected) else OTHERWISE


def _searched(answer: Answer, typed: str) -> str:
    return str(answer["corrected"]["text"]) if answer["corrected"] else typed


async def _ask(search: Search, text: str, mode: str, *, typos: bool, explain: bool = False) -> Answer:
    """Without the fallback ladder: what it shows for a query that finds too little hides what was not found."""
    body = {"text": text, "mode": mode, "limit": CUT, "typos": typos, "fallback": []}
    return await search({**body, **({"explain": True} if explain else {})})


def overlap(answer: Answer, truth: Answer) -> float:
    """Which share of the truth's hits is in the answer."""
    expected = {hit["sku"] for hit in truth["hits"]}
    return len(expected & {hit["sku"] for hit in answer["hits"]}) / len(expected) if expected else 1.0


def _words(text: str) -> list[str]:
    return text.lower().split()


def _share(values: Sequence[bool]) -> float | None:
    return round(sum(values) / len(values), 4) if values else None


def _p50_p95(values: Sequence[float]) -> list[float] | None:
    if len(values) < 2:
        return None
    cuts = quantiles(values, n=20, method="inclusive")
    return [round(cuts[9], 2), round(cuts[18], 2)]
