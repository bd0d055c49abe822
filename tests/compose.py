"""docker-compose.yml as Compose reads it: merged, with `${NAME:-default}` filled in."""

import re
from collections.abc import Mapping
from typing import Any

import yaml  # type: ignore[import-untyped]

from tests.conftest import REPOSITORY

VARIABLE = re.compile(r"\$\{(\w+)(?::-([^}]*))?\}")


def read_compose(environ: Mapping[str, str] | None = None) -> dict[str, Any]:
    """With the variables of `environ` set; without, every one has its default."""

    def filled(node: Any) -> Any:
        if isinstance(node, dict):
            return {key: filled(value) for key, value in node.items()}
        if isinstance(node, list):
            return [filled(value) for value in node]
        if isinstance(node, str):
            return VARIABLE.sub(lambda match: (environ or {}).get(match[1]) or match[2] or "", node)
        return node

    text = (REPOSITORY / "docker-compose.yml").read_text(encoding="utf-8")
    found: dict[str, Any] = filled(yaml.safe_load(text))
    return found


def twice(node: Any) -> list[str]:
    """Keys that stand twice in one mapping of a parsed YAML node: Compose refuses them, `safe_load` keeps the last."""
    if isinstance(node, yaml.MappingNode):
        keys = [key.value for key, _ in node.value]
        return [key for key in keys if keys.count(key) > 1] + [one for _, value in node.value for one in twice(value)]
    return [one for value in node.value for one in twice(value)] if isinstance(node, yaml.SequenceNode) else []


def ours(compose: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The services that run the image of this repository."""
    return {name: service for name, service in compose["services"].items() if "build" in service}
