"""The synonyms that are in force, and which of them a query uses; read anew when their file changes."""

import asyncio
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from schemas.errors import FreshetError, SettingsError
from schemas.folding import words_in
from schemas.metrics import Metrics
from schemas.ways import OTHERS_MAX, OtherWays
from serving.logs import Log
from serving.synonyms.read import BYTES_MAX, PHRASE_WORDS_MAX, Phrase, Synonym, read_synonyms

LOOK_EVERY_S: Final = 1.0


class Synonyms:
    """None until `use` is called."""

    def __init__(self, synonyms: Iterable[Synonym] = ()) -> None:
        self.version = 0
        """Another one whenever others are used."""
        self.use(synonyms)

    def __len__(self) -> int:
        """Phrases that have other ways to say them."""
        return len(self._ways)

    def use(self, synonyms: Iterable[Synonym]) -> None:
        """These, and no others any more."""
        self.version += 1
        self._ways: Mapping[Phrase, tuple[str, ...]] = {
            one.phrase: tuple(" ".join(way) for way in one.ways) for one in synonyms if one.ways
        }

    def of(self, text: str) -> list[OtherWays]:
        """From left to right, the longest phrase at each place, at most OTHERS_MAX."""
        ways, words = self._ways, words_in(text)
        found: list[OtherWays] = []
        at = 0
        while ways and at < len(words) and len(found) < OTHERS_MAX:
            sizes = range(min(PHRASE_WORDS_MAX, len(words) - at), 0, -1)
            size = next((size for size in sizes if tuple(words[at : at + size]) in ways), 0)
            if size:
                phrase = tuple(words[at : at + size])
                found.append(OtherWays(words=list(phrase), ways=list(ways[phrase])))
            at += size or 1
        return found


class SynonymFile:
    """Keeps `synonyms` as a file has them. What is wrong with the file leaves them as they were."""

    def __init__(self, path: Path, synonyms: Synonyms, metrics: Metrics, log: Log) -> None:
        self._path, self._synonyms, self._log = path, synonyms, log
        self._seen: tuple[int, int, int] | None = None
        self._wrong: FreshetError | None = None
        self._count = metrics.gauge("freshet_synonyms")
        self._refused = metrics.gauge("freshet_synonyms_refused")

    async def look(self) -> None:
        """Raises SettingsError as long as the file is wrong or cannot be read."""
        try:
            await asyncio.to_thread(self._look)
            self._wrong = None
        except SettingsError as error:
            self._wrong = error
        self._refused.set(self._wrong is not None)
        if self._wrong is not None:
            raise self._wrong

    def _look(self) -> None:
        try:
            stat = self._path.stat()
            seen = (stat.st_ino, stat.st_size, stat.st_mtime_ns)
            if seen == self._seen:
                if self._wrong is not None:
                    raise self._wrong
                return
            with self._path.open("rb") as file:
                data = file.read(BYTES_MAX + 1)
        except OSError as error:
            self._seen = None
            raise SettingsError(f"the synonyms cannot be read: {error}", hint="See FRESHET_SYNONYMS.") from None
        self._seen = seen
        self._synonyms.use(read_synonyms(data, self._path.name))
        self._count.set(len(self._synonyms))
        self._log.info("synonyms_read", file=self._path.name, phrases=len(self._synonyms))
