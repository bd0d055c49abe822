"""What is shown of each product, by slot, in copy-on-write chunks like the columns."""

from collections.abc import Sequence

from index_snapshots.columns import CHUNK_ROWS

Body = bytes | None


class FrozenBodies:
    """The bodies at one point in time. Immutable."""

    def __init__(self, chunks: tuple[list[Body], ...]) -> None:
        self.chunks = chunks

    def __getitem__(self, slot: int) -> bytes:
        """JSON of the content of a slot that has a live document."""
        return _body(self.chunks, slot)


class Bodies:
    """The writer's bodies. One thread only."""

    def __init__(self) -> None:
        self._chunks: list[list[Body]] = []
        self._own: set[int] = set()
        """Chunks that no frozen copy has."""
        self._frozen: FrozenBodies | None = None

    def __getitem__(self, slot: int) -> bytes:
        return _body(self._chunks, slot)

    def put(self, slot: int, body: Body) -> None:
        at = slot // CHUNK_ROWS
        while at >= len(self._chunks):
            self._own.add(len(self._chunks))
            self._chunks.append([None] * CHUNK_ROWS)
        if at not in self._own:
            self._chunks[at] = self._chunks[at].copy()
            self._own.add(at)
        self._chunks[at][slot % CHUNK_ROWS] = body
        self._frozen = None

    def thaw(self, frozen: FrozenBodies) -> None:
        """Goes on from a frozen copy; what is changed is copied first."""
        self._chunks = list(frozen.chunks)
        self._own.clear()
        self._frozen = frozen

    def freeze(self) -> FrozenBodies:
        if self._frozen is None:
            self._own.clear()
            self._frozen = FrozenBodies(tuple(self._chunks))
        return self._frozen


def _body(chunks: Sequence[list[Body]], slot: int) -> bytes:
    body = chunks[slot // CHUNK_ROWS][slot % CHUNK_ROWS]
    assert body is not None, "a slot without a live document has no body"
    return body
