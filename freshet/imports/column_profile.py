"""What the values of each column of a sample look like."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from freshet.imports.amounts import Mark, parse_money, parse_number
from freshet.imports.value_words import availability_of, yes_or_no

DISTINCT_MAX = 10_000
NESTED_LEVELS_MAX = 3
EXAMPLES_MAX = 3


@dataclass
class Profile:
    """Counts over the rows of the sample in which the column has a value."""

    name: str
    """Dotted path."""
    level: int = 0
    """How many maps it is inside of."""
    filled: int = 0
    texts: int = 0
    numbers: int = 0
    whole: int = 0
    negative: int = 0
    booleans: int = 0
    lists: int = 0
    maps: int = 0
    chars: int = 0
    items_most: int = 0
    chars_most: int = 0
    html: int = 0
    urls: int = 0
    point_numbers: int = 0
    """Texts that are numbers with a decimal point."""
    comma_numbers: int = 0
    money: int = 0
    """Texts that name an amount and a currency."""
    availabilities: int = 0
    yes_no: int = 0
    controls: int = 0
    separators: dict[str, int] = field(default_factory=dict)
    distinct: set[object] = field(default_factory=set)
    examples: list[str] = field(default_factory=list)

    def add(self, value: Any) -> None:
        self.filled += 1
        if len(self.distinct) < DISTINCT_MAX and isinstance(value, str | int | float):
            self.distinct.add(value)
        if (
            isinstance(value, str | int | float)
            and len(self.examples) < EXAMPLES_MAX
            and str(value) not in self.examples
        ):
            self.examples.append(str(value))
        if isinstance(value, bool):
            self.booleans += 1
        elif isinstance(value, int | float):
            self._number(value)
        elif isinstance(value, str):
            self._text(value)
        elif isinstance(value, list):
            self.lists += 1
            self.items_most = max(self.items_most, len(value))
            for item in value:
                self.urls += isinstance(item, str) and _is_url(item)
        elif isinstance(value, dict):
            self.maps += 1

    def share(self, count: int) -> float:
        return count / self.filled if self.filled else 0.0

    @property
    def mark(self) -> Mark:
        """What stands before the decimals; a comma only when no other reading fits as well."""
        return "," if self.comma_numbers > self.point_numbers else "."

    @property
    def is_number(self) -> bool:
        return self.share(self.numbers + max(self.point_numbers, self.comma_numbers)) > 0.95

    @property
    def is_whole(self) -> bool:
        return self.is_number and self.whole == self.filled

    def _number(self, value: float) -> None:
        self.numbers += 1
        self.whole += float(value).is_integer()
        self.negative += value < 0

    def _text(self, value: str) -> None:
        self.texts += 1
        self.chars += len(value)
        self.chars_most = max(self.chars_most, len(value))
        self.html += "</" in value or "<br" in value or "<p>" in value or "&amp;" in value
        self.urls += _is_url(value)
        self.controls += any(ord(char) < 32 and char not in "\t\n\r" for char in value)
        number = _number_of(value, ".")
        if number is not None:
            self.point_numbers += 1
            self.whole += float(number).is_integer()  # an int has no is_integer before Python 3.12
            self.negative += number < 0
        self.comma_numbers += _number_of(value, ",") is not None
        self.money += number is None and _is_money(value)
        self.availabilities += _fits(availability_of, value)
        self.yes_no += _fits(yes_or_no, value)
        for separator in (" > ", ">", "/", "|", ";", ","):
            if separator in value.strip(separator):
                self.separators[separator] = self.separators.get(separator, 0) + 1


def profiles_of(rows: Iterable[dict[str, Any]]) -> dict[str, Profile]:
    """By path, in the order of the columns. Maps are entered themselves, and what is in them below their path."""
    found: dict[str, Profile] = {}
    for row in rows:
        _enter(found, row, "", 0)
    return found


def _enter(found: dict[str, Profile], values: dict[str, Any], above: str, level: int) -> None:
    for name, value in values.items():
        path = f"{above}{name}"
        profile = found.setdefault(path, Profile(path, level))
        if value is not None and value != "":
            profile.add(value)
        if isinstance(value, dict) and level < NESTED_LEVELS_MAX:
            _enter(found, value, f"{path}.", level + 1)


def _is_url(text: str) -> bool:
    return text.startswith(("http://", "https://", "//")) and " " not in text.strip()


def _is_money(text: str) -> bool:
    try:
        parse_money(text, "auto")
    except ValueError:
        return _fits(lambda given: parse_money(given, "."), text)
    return True


def _number_of(text: str, mark: Mark) -> float | None:
    try:
        return parse_number(text, mark)
    except ValueError:
        return None


def _fits(parse: Any, text: str) -> bool:
    try:
        parse(text)
    except ValueError:
        return False
    return True
