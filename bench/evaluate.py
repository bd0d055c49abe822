"""Judges the searches of a running Freshet against people's ratings: a folder with queries_*.csv and qrels_*.csv."""

import asyncio
import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench.relevance import DEPTH, Judged, judge, means
from bench.shop import Shop, ShopError

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


async def evaluate_search(url: str, queries: Mapping[str, str], ratings: Ratings, *, key: str = "") -> dict[str, Any]:
    """The figures of `bench.relevance.means` over all queries. Raises ShopError when an answer is incomplete."""
    turns = asyncio.Semaphore(IN_FLIGHT_MAX)
    async with Shop(url, key) as shop:

        async def one(query_id: str, text: str) -> Judged:
            async with turns:
                return judge(await _ranked(shop, text), ratings.get(query_id, {}))

        judged = await asyncio.gather(*(one(query_id, text) for query_id, text in queries.items()))
    return means(judged)


async def _ranked(shop: Shop, text: str) -> list[str]:
    """SKUs best first. A degraded answer is asked for again: it would judge the load, not the ranking."""
    for _ in range(5):
        status, answer = await shop.search({"text": text, "limit": DEPTH})
        if status == 200 and not answer.get("degraded"):
            return [hit["sku"] for hit in answer["hits"]]
        await asyncio.sleep(0.5)
    raise ShopError(f"the search {text!r} gave status {status}, degraded {answer.get('degraded')} five times")
