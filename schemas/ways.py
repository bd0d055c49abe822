"""Other ways to say words of a query, as the query tier tells them to the shards."""

from typing import Annotated, Final

from pydantic import Field

from schemas.strict import Strict

OTHERS_MAX: Final = 8
"""Places of a query that synonyms are used for."""
WAYS_MAX: Final = 32
"""Ways to say the same."""


class OtherWays(Strict):
    words: Annotated[list[str], Field(min_length=1)]
    """As they stand in the query one after the other, in lower case, without accents."""
    ways: Annotated[list[str], Field(max_length=WAYS_MAX)]
    """What holds all words of one of these holds `words`."""
