"""Which states of the shards an answer is made from in a replay: those that it saw, or those of another moment."""

from collections.abc import Mapping
from functools import cache

from index_snapshots.protocol import Offsets, Topic
from replay.answers.what_if import WhatIf
from replay.log import Log
from replay.shards.moment import Moment
from schemas.errors import InvalidRequest
from schemas.heard import Heard, ShardHeard


class OtherStates:
    def __init__(self, instead: WhatIf, log: Log, names: Mapping[Topic, str]) -> None:
        self._instead = instead
        self._offsets = cache(lambda at, partition: at.of(log, names, partition))

    def of(self, heard: Heard) -> Heard:
        """What was late stays late. Raises InvalidRequest for a moment that was not, or is of one partition only."""
        at = self._instead.at
        if at is not None and at.documents is not None and len(heard.shards) > 1:
            raise InvalidRequest(
                "one_partition",
                f"--set at={at.documents} is of one partition, and the answer was made from {len(heard.shards)}",
                hint="say a time",
            )
        if not self._instead.asks_anew:
            return heard
        shards = {
            partition: [one and self._state(one, int(partition), at) for one in asked]
            for partition, asked in heard.shards.items()
        }
        if at is None:
            return heard.model_copy(update={"shards": shards})
        return heard.model_copy(
            update={
                "shards": shards,
                "words": [one for one in heard.words if one.answer is None],
                "bodies": [one for one in heard.bodies if one.state is None],
            }
        )

    def _state(self, seen: ShardHeard, partition: int, at: Moment | None) -> ShardHeard:
        """With its words, which may be asked for more."""
        if at is None:
            words_at = seen.state.documents_offset if seen.words_at is None else seen.words_at
            return seen.model_copy(update={"words_at": words_at})
        offsets: Offsets = self._offsets(at, partition)
        state = seen.state.model_copy(update={"documents_offset": offsets.documents, "offers_offset": offsets.offers})
        return seen.model_copy(update={"state": state, "words_at": offsets.documents, "digests": []})


def offsets_seen(heard: Heard) -> dict[str, list[int]]:
    """By partition that answered, of `documents` and of `offers`, of its last search."""
    return {
        partition: [one.state.documents_offset, one.state.offers_offset]
        for partition, asked in heard.shards.items()
        for one in asked
        if one is not None
    }
