"""Sessions in memory for unit tests, under the same contract tests as Redis."""

from collections.abc import Callable, Mapping, Sequence

from schemas.sessions import (
    HISTORY_MS,
    SESSION_ITEMS_MAX,
    Counted,
    History,
    Item,
    Known,
    Place,
    SessionClick,
    SessionVector,
    history_left_ms,
    strongest,
)


class MemorySessions:
    """See `Sessions`. `error` is raised by every call while it is set."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._histories: dict[str, tuple[float, History]] = {}
        self._vectors: dict[str, tuple[float, SessionVector]] = {}
        self.error: Exception | None = None

    async def count(self, log: int, clicks: Sequence[SessionClick], now_ms: int) -> list[Counted]:
        self._fail()
        found: dict[str, Counted] = {}
        for click in clicks:
            before = self._history(click.session) or History(Place(log, -1), ())
            last = before.place.offset if before.place.log == log else -1
            tally = found.get(click.session, Counted(click.session, 0, 0, before))
            if click.offset > last:
                history = History(Place(log, click.offset), taken(before.items, click))
                self._histories[click.session] = (self._clock() + history_left_ms(click, now_ms) / 1000, history)
                tally = tally._replace(clicks=tally.clicks + 1, history=history)
            else:
                tally = tally._replace(duplicates=tally.duplicates + 1)
            found[click.session] = tally
        return list(found.values())

    async def read(self, session: str) -> Known | None:
        self._fail()
        history = self._history(session)
        if history is None or not history.items:
            return None
        until_s, vector = self._vectors.get(session, (0.0, None))
        good = vector is not None and self._clock() < until_s and vector.place == history.place
        return Known(history, vector if good else None)

    async def put(self, vectors: Mapping[str, SessionVector], ttl_ms: int) -> int:
        self._fail()
        kept = 0
        for session, vector in vectors.items():
            history = self._history(session)
            if history is not None and history.items and history.place == vector.place:
                self._vectors[session] = (self._clock() + ttl_ms / 1000, vector)
                kept += 1
        return kept

    async def forget(self, session: str) -> bool:
        self._fail()
        self._vectors.pop(session, None)
        history = self._history(session)
        if history is None or not history.items:
            return False
        self._histories[session] = (self._histories[session][0], History(history.place, ()))
        return True

    async def probe(self) -> None:
        self._fail()

    def _history(self, session: str) -> History | None:
        until_s, history = self._histories.get(session, (0.0, None))
        return history if self._clock() < until_s else None

    def _fail(self) -> None:
        if self.error is not None:
            raise self.error


def taken(items: Sequence[Item], click: SessionClick) -> tuple[Item, ...]:
    """The items of a history after one more click, newest first. Pure: the model of the script in Redis."""
    kept = [Item(click.sku, click.type, click.at_ms)]
    for item in items:
        age_ms = max(0, click.at_ms - item.at_ms)
        if age_ms > HISTORY_MS:
            continue
        if item.sku == click.sku:
            kept[0] = kept[0]._replace(type=strongest(click.type, item.type))
        elif len(kept) < SESSION_ITEMS_MAX:
            kept.append(item._replace(at_ms=click.at_ms - age_ms))
    return tuple(kept)
