"""JSON for people: what fits on a line stays on one, the rest is broken and indented."""

import json

WIDTH = 96


def pretty(value: object, indent: int = 0) -> str:
    """The value as JSON; no line is longer than WIDTH unless a single text is."""
    line = json.dumps(value, ensure_ascii=False)
    if len(line) + indent <= WIDTH or not isinstance(value, (dict, list)) or not value:
        return line
    pad = " " * (indent + 1)
    if isinstance(value, dict):
        inside = [f"{json.dumps(key, ensure_ascii=False)}: {pretty(item, indent + 1)}" for key, item in value.items()]
        opening, closing = "{", "}"
    else:
        inside = [pretty(item, indent + 1) for item in value]
        opening, closing = "[", "]"
    return opening + "\n" + ",\n".join(pad + part for part in inside) + "\n" + " " * indent + closing
