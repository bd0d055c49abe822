"""From what a shard would answer now: cheap to ask, so that a kept answer can be proven to be of this moment."""

from schemas.hits import ShardState
from schemas.strict import Strict


class VersionAnswer(Strict):
    """`GET /version` of a shard process, of one partition."""

    settled: bool
    """Whether the words' index holds all that the state does; where there is none it is settled."""
    state: ShardState
