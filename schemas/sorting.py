"""By what hits are sorted, when not by how well they answer the query."""

from typing import Final, Literal

Sort = Literal["relevance", "price_asc", "price_desc", "newest"]
RELEVANCE: Final = "relevance"
