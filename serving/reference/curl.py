"""The curl command of an operation's example, ready to be pasted into a shell."""

import shlex
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from serving.reference.pretty_json import pretty

SERVER = "http://127.0.0.1:8400"
STREAM = "text/event-stream"


def curl(method: str, path: str, operation: Mapping[str, Any], server: str = SERVER) -> str:
    """`operation` as it stands in the OpenAPI document, with its examples."""
    words = ["curl"] + (["-N"] if STREAM in answer_types(operation) else [])
    words += [] if method == "GET" or (method == "POST" and "requestBody" in operation) else ["-X", method]
    query = []
    for parameter in operation.get("parameters", []):
        if "example" not in parameter:
            continue
        value = quote(str(parameter["example"]), safe="")
        if parameter["in"] == "path":
            path = path.replace("{" + parameter["name"] + "}", value)
        elif parameter["in"] == "query":
            query.append(f"{parameter['name']}={value}")
    words.append(shlex.quote(server + path + ("?" + "&".join(query) if query else "")))
    command = " ".join(words)
    for kind, content in operation.get("requestBody", {}).get("content", {}).items():
        if "example" in content:
            body = shlex.quote(pretty(content["example"]))
            return f"{command} -H 'Content-Type: {kind}' -d \\\n{body}"
    return command


def answer_types(operation: Mapping[str, Any]) -> set[str]:
    """Content types of the good answers."""
    good = (answer for status, answer in operation["responses"].items() if status.startswith("2"))
    return {kind for answer in good for kind in answer.get("content", {})}
