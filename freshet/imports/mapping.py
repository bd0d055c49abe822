"""Turns one line of a merchant's export into a catalogue event, as a mapping says (docs/import.md)."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson

from freshet.imports.mapping_file import FieldMapping, Flatten, Rule
from freshet.imports.shaping import cleaned, shaped
from schemas.errors import InvalidEvent, Problem


@dataclass(frozen=True)
class Mapped:
    event: dict[str, Any]
    cuts: int
    """Lists and texts that were cut, numbers that were raised, and texts that held control characters."""


def as_event(line: object) -> dict[str, Any]:
    """A line that needs no mapping: an event, or a product with the event's field names. Raises InvalidEvent."""
    if not isinstance(line, dict):
        raise InvalidEvent("not_an_object", "a line holds one JSON object")
    return line if "type" in line else {"type": "upsert", **line}


def map_line(line: object, mapping: FieldMapping) -> Mapped:
    """Pure. Raises InvalidEvent with a problem that names the field."""
    if not isinstance(line, dict):
        raise InvalidEvent("not_an_object", "a line holds one JSON object")
    draft = _Draft(mapping.clean)
    for target, rule in mapping.fields.items():
        value = draft.shaped(target, rule, line)
        if value is not None:
            _put(draft.event, target, value)
    for name, rule in mapping.attributes.items():
        value = draft.shaped(f"attributes.{name}", rule, line)
        if value is not None:
            draft.add_attribute(name, value, "")
    for flat in mapping.flatten:
        draft.flatten(flat, line)
    draft.unmapped(
        {name: value for name, value in line.items() if name not in mapping.used},
        mapping.unmapped,
    )
    if draft.attributes:
        draft.event["attributes"] = draft.attributes
    return Mapped(draft.event, draft.cuts)


def is_wanted(line: object, mapping: FieldMapping) -> bool:
    """Whether each path of `only` holds a text that matches; null is the empty text. Pure."""
    if not isinstance(line, dict):
        return True
    texts = ((value_at(line, path), pattern) for path, pattern in mapping.only.items())
    return all(pattern.fullmatch("" if value is None else str(value)) for value, pattern in texts)


def value_at(line: dict[str, Any], path: str) -> Any:
    """The value at a dotted path; a key that itself holds the dots wins. None when there is none."""
    if path in line:
        return line[path]
    value: Any = line
    for part in path.split("."):
        if not isinstance(value, dict):
            return None
        value = value.get(part)
    return value


class _Draft:
    """One event in the making, and how often something had to be cut."""

    def __init__(self, clean: bool) -> None:
        self.event: dict[str, Any] = {"type": "upsert"}
        self.attributes: dict[str, Any] = {}
        self.cuts = 0
        self._clean = clean

    def shaped(self, target: str, rule: Rule, line: dict[str, Any]) -> Any:
        """The rule's value for the target, None when the line has none (null counts as none)."""
        value = rule.value if rule.value is not None else _found(line, rule)
        if value is None:
            value = rule.default
        if value is None:
            return None
        try:
            made = shaped(value, rule, target, self._clean)
        except ValueError as error:
            raise _refused(rule.origin or target, str(error), target) from None
        self.cuts += made.cuts
        return made.value

    def _kept(self, value: Any) -> Any:
        made = cleaned(value, self._clean)
        self.cuts += made.cuts
        return made.value

    def flatten(self, flat: Flatten, line: dict[str, Any]) -> None:
        entries = value_at(line, flat.from_)
        if flat.json_ and isinstance(entries, str):
            try:
                entries = orjson.loads(entries)
            except orjson.JSONDecodeError as error:
                raise _refused(flat.from_, f"is not valid JSON: {error}") from None
        if entries is None:
            return
        if not isinstance(entries, dict):
            raise _refused(flat.from_, "must be an object to be flattened into attributes")
        for name, value in entries.items():
            if value is not None:
                self.add_attribute(flat.prefix + name, self._kept(value), flat.clash_suffix)

    def add_attribute(self, name: str, value: Any, clash_suffix: str) -> None:
        if name in self.attributes and clash_suffix:
            name += clash_suffix
        if name in self.attributes:
            raise _refused(
                name,
                "two sources give this attribute; set clash_suffix or prefix in the mapping",
            )
        self.attributes[name] = value

    def unmapped(self, rest: dict[str, Any], policy: str) -> None:
        if policy == "refuse" and rest:
            raise _refused(
                next(iter(rest)),
                "the mapping does not name this field (unmapped = refuse)",
            )
        if policy == "attributes":
            for name, value in rest.items():
                if value is not None:
                    self.add_attribute(name, self._kept(value), "")


def _found(line: dict[str, Any], rule: Rule) -> Any:
    """The first value of the rule's paths; all of them as a text or a list where the rule says so."""
    if rule.join is not None:
        parts = [str(value).strip() for value in _values(line, rule) if not isinstance(value, list | dict)]
        return rule.join.join(part for part in parts if part) or None
    if rule.list_ and isinstance(rule.from_, list):
        found = list(_values(line, rule))
        return [item for value in found for item in (value if isinstance(value, list) else [value])] or None
    return next(_values(line, rule), None)


def _values(line: dict[str, Any], rule: Rule) -> Iterator[Any]:
    found = (value_at(line, path) for path in rule.paths)
    return (value for value in found if value is not None and value != "")


def _put(event: dict[str, Any], target: str, value: Any) -> None:
    head, _, tail = target.partition(".")
    if tail:
        event.setdefault(head, {})[tail] = value
    else:
        event[head] = value


def _refused(field: str, problem: str, target: str = "") -> InvalidEvent:
    into = f" (for {target})" if target and target != field else ""
    return InvalidEvent("invalid_field", f"{field}{into}: {problem}", (Problem(field, problem),))
