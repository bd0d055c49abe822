"""By what hits are sorted, when not by how well they answer the query."""

from typing import Final, Literal, get_args

Sort = Literal["relevance", "price_asc", "price_desc", "newest", "popularity"]
SORTS: Final[tuple[Sort, ...]] = get_args(Sort)
RELEVANCE: Final = "relevance"
POPULAR_SORTED_MAX: Final = 5_000
"""Sorted by popularity: so many of the most popular products of all, 0.2 us each in a shard; others by age."""
