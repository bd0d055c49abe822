"""Words as small codes: brands, currencies and category paths that many products share."""

from collections.abc import Iterable

Path = tuple[str, ...]


class Words:
    """Append-only: a code never changes its meaning, so views share it with the writer."""

    def __init__(self, words: Iterable[str] = ()) -> None:
        self.words = list(words)
        self._codes = {word: code for code, word in enumerate(self.words)}

    def code(self, word: str) -> int:
        """The word's code; a new word gets the next one."""
        found = self._codes.get(word)
        if found is None:
            found = self._codes[word] = len(self.words)
            self.words.append(word)
        return found

    def known(self, words: Iterable[str]) -> list[int]:
        return [code for word in words if (code := self._codes.get(word)) is not None]


class Paths:
    """Category paths. Append-only, like Words; remembers which codes lie below each prefix."""

    def __init__(self, paths: Iterable[Path] = ()) -> None:
        self.paths: list[Path] = []
        self._codes: dict[Path, int] = {}
        self._below: dict[Path, list[int]] = {}
        for path in paths:
            self.code(path)

    def code(self, path: Path) -> int:
        found = self._codes.get(path)
        if found is None:
            found = self._codes[path] = len(self.paths)
            self.paths.append(path)
            for depth in range(1, len(path) + 1):
                self._below.setdefault(path[:depth], []).append(found)
        return found

    def below(self, prefixes: Iterable[Path]) -> list[int]:
        """Codes of the paths that are one of `prefixes` or lie below one."""
        return [code for prefix in prefixes for code in tuple(self._below.get(prefix, ()))]
