"""The same as a page that stands alone: no script, nothing from another host, readable on paper and in the dark."""

from collections.abc import Iterator, Sequence
from html import escape
from typing import Final

from replay.answers.moves import KINDS, Move, QueryMoves, SliceMoves

QUERIES_MAX: Final = 500
"""On the page, most asked first; JSON has all."""
PRODUCTS_MAX: Final = 500
MARKS: Final = {"up": "&#9650;", "down": "&#9660;", "entered": "+", "left": "&minus;"}
STYLE: Final = """
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; --line: #8886; }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; }
th, td { border-bottom: 1px solid var(--line); padding: .25rem .5rem; text-align: left; vertical-align: top; }
td.count, th.count { text-align: right; font-variant-numeric: tabular-nums; }
.up, .entered { color: light-dark(#1b6e2d, #7bd88f); }
.down, .left { color: light-dark(#a61e1e, #ff9d9d); }
summary { cursor: pointer; }
ol { list-style: none; padding: 0; }
"""


def page(found: SliceMoves, title: str, facts: Sequence[str]) -> str:
    """`facts`: lines below the title."""
    return "\n".join(
        (
            "<!doctype html>",
            f'<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<style>{STYLE}</style></head><body>",
            f"<h1>{escape(title)}</h1>",
            *(f"<p>{escape(line)}</p>" for line in facts),
            f"<p>{found.changed:,} of {found.answers:,} answers show other products, or in another order.</p>",
            *_queries(found),
            *_products(found),
            "</body></html>",
            "",
        )
    )


def _queries(found: SliceMoves) -> Iterator[str]:
    yield from _heading("Queries, most asked first", len(found.queries), QUERIES_MAX)
    yield _head("Query", "asked", "changed")
    yield from (_query(one, found) for one in found.queries[:QUERIES_MAX])
    yield "</tbody></table>"


def _query(one: QueryMoves, found: SliceMoves) -> str:
    moved = "".join(_move(move, found.titles.get(move.sku, "")) for move in one.moves)
    name = f"<bdi>{escape(one.text)}</bdi>" if one.text else "<i>no words</i>"
    last = f"The last one, {escape(one.request_id)}:"
    cells = _counts([one.asked, one.changed, *(one.kinds[kind] for kind in KINDS)])
    return f"<tr><td><details><summary>{name}</summary><p>{last}</p><ol>{moved}</ol></details></td>{cells}</tr>"


def _move(move: Move, title: str) -> str:
    places = {"entered": f"now {move.now}", "left": f"was {move.then}"}.get(move.kind, f"{move.then} &rarr; {move.now}")
    what = f"<bdi>{escape(move.sku)}</bdi> <bdi>{escape(title)}</bdi>"
    return f'<li class="{move.kind}">{MARKS[move.kind]} {what} ({places})</li>'


def _products(found: SliceMoves) -> Iterator[str]:
    yield from _heading("Products, in how many answers", len(found.products), PRODUCTS_MAX)
    yield _head("Product")
    for sku, kinds in found.products[:PRODUCTS_MAX]:
        what = f"<bdi>{escape(sku)}</bdi> <bdi>{escape(found.titles.get(sku, ''))}</bdi>"
        yield f"<tr><td>{what}</td>{_counts([kinds[kind] for kind in KINDS])}</tr>"
    yield "</tbody></table>"


def _heading(text: str, count: int, most: int) -> Iterator[str]:
    yield f"<h2>{escape(text)}</h2>"
    if count > most:
        yield f"<p>The first {most:,} of {count:,}.</p>"


def _head(first: str, *counted: str) -> str:
    cells = "".join(f'<th class="count" scope="col">{name}</th>' for name in (*counted, *KINDS))
    return f'<table><thead><tr><th scope="col">{first}</th>{cells}</tr></thead><tbody>'


def _counts(numbers: Sequence[int]) -> str:
    return "".join(f'<td class="count">{number:,}</td>' for number in numbers)
