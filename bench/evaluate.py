"""Judges the searches of a running Freshet against people's ratings: a folder with queries_*.csv and qrels_*.csv."""

import asyncio
import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.intervals import compared, interval
from bench.relevance import DEPTH, FIGURES, Judged, judge, means, per_query
from bench.search_ways import WAYS
from bench.shop import Shop

IN_FLIGHT_MAX = 2
Ratings = dict[str, dict[str, float]]
"""By query id, then product id."""


def read_folder(folder: Path) -> tuple[dict[str, str], Ratings]:
    """Query texts and ratings by query id, from all matching files. Raises ValueError that names what is missing."""
    queries = {row["query_id"]: row["query"] for row in _rows(folder, "queries_*.csv", ("query_id", "query"))}
    ratings: Ratings = {}
    for row in _rows(folder, "qrels_*.csv", ("query_id", "product_id", "rating")):
        ratings.setdefault(row["query_id"], {})[row["product_id"]] = float(row["rating"])
    return queries, ratings


def _rows(folder: Path, pattern: str, columns: tuple[str, ...]) -> list[dict[str, str]]:
    paths = sorted(folder.glob(pattern))
    if not paths:
        raise ValueError(f"{folder} holds no {pattern} (columns {', '.join(columns)})")
    found: list[dict[str, str]] = []
    for path in paths:
        with path.open(encoding="utf-8", newline="") as lines:
            rows = csv.DictReader(lines)
            missing = [column for column in columns if column not in (rows.fieldnames or [])]
            if missing:
                raise ValueError(f"{path} has no column {missing[0]}; it needs {', '.join(columns)}")
            found.extend(rows)
    return found


async def evaluate_search(
    url: str, queries: Mapping[str, str], ratings: Ratings, modes: Sequence[str], *, key: str = ""
) -> dict[str, Any]:
    """By mode (`bench.search_ways`) the figures of `bench.relevance.means` over all queries, with intervals; then the
    modes in pairs.

    Raises ShopError when an answer is incomplete.
    """
    turns = asyncio.Semaphore(IN_FLIGHT_MAX)
    async with Shop(url, key) as shop:

        async def one(mode: str, query_id: str, text: str) -> Judged:
            async with turns:
                return judge(await _ranked(shop, text, mode), ratings.get(query_id, {}))

        judged = {
            mode: await asyncio.gather(*(one(mode, query_id, text) for query_id, text in queries.items()))
            for mode in modes
        }
    figures: dict[str, Any] = {mode: {**means(found), "intervals": intervals(found)} for mode, found in judged.items()}
    return {**figures, "pairs": pairs(judged)} if len(modes) > 1 else figures


def intervals(judged: Sequence[Judged]) -> dict[str, list[float]]:
    """[low, high] of each figure's mean."""
    return {name: interval(values).rounded()[1:] for name, values in per_query(judged).items() if values}


def pairs(judged: Mapping[str, Sequence[Judged]]) -> dict[str, dict[str, list[float]]]:
    """By pair of modes and figure: [mean, low, high] of the difference."""
    found: dict[str, dict[str, list[float]]] = {}
    for name in FIGURES:
        by_mode = {mode: per_query(each)[name] for mode, each in judged.items()}
        if all(by_mode.values()):
            for pair, difference in compared(by_mode).items():
                found.setdefault(pair, {})[name] = difference.rounded()
    return found


async def _ranked(shop: Shop, text: str, mode: str) -> list[str]:
    """SKUs best first."""
    answer = await shop.whole({"text": text, "limit": DEPTH, **WAYS[mode]})
    return [hit["sku"] for hit in answer["hits"]]
