"""The OpenAPI document as HTML: an operation with its parameters, body, example and answers; and the models."""

import re
from collections.abc import Callable, Mapping
from html import escape
from typing import Any

from serving.reference.curl import curl
from serving.reference.markdown import anchor_of, coloured, heading_html
from serving.reference.pretty_json import pretty
from serving.reference.schema_words import default_words, name_of, problem_of, scope_of, words

Document = Mapping[str, Any]
Operation = Mapping[str, Any]


def parts_of(document: Document) -> Callable[[str], str | None]:
    """HTML for the generated parts of docs/api.md by their names; None for a name that is not of this document."""
    made = {"routes": route_list(document), "models": models_html(document)}
    for path, method, operation in operations(document):
        made[f"{method} {path}"] = operation_html(method, path, operation, document)
    return made.get


def operations(document: Document) -> list[tuple[str, str, Operation]]:
    """(path, method, operation)."""
    return [(path, method.upper(), each) for path, item in document["paths"].items() for method, each in item.items()]


def route_list(document: Document) -> str:
    rows = (
        f'<li><a href="#{anchor_of(f"{method} {path}")}">{heading_html(f"{method} {path}")}</a>'
        f"<span>{_text(operation['summary'])}{_key(operation)}</span></li>"
        for path, method, operation in operations(document)
    )
    return f'<ul class="routes">{"".join(rows)}</ul>'


def _key(operation: Operation) -> str:
    scope = scope_of(operation)
    return f' <b class="key">{scope}</b>' if scope else ""


def operation_html(method: str, path: str, operation: Operation, document: Document) -> str:
    scope = _key(operation)
    key = f'<p class="note">Scope of its key:{scope}</p>' if scope else ""
    blocks = [f"<p>{_text(operation['summary'])}.</p>", key, _description(operation)]
    if "parameters" in operation:
        rows = (
            (each["name"], f"{_words(each['schema'])}, in the {each['in']}", each["required"], each["description"])
            for each in operation["parameters"]
        )
        blocks.append(f"<h4>Parameters</h4>{_fields(rows)}")
    if "requestBody" in operation:
        blocks.append(_body(operation["requestBody"]["content"], document))
    blocks.append(f"<h4>Example</h4>{coloured(curl(method, path, operation), 'sh')}")
    blocks += [coloured(pretty(example), "json") for example in _examples(operation)]
    blocks.append(f"<h4>Answers</h4>{_answers(operation, document)}")
    return f'<div class="operation">{"".join(blocks)}</div>'


def models_html(document: Document) -> str:
    schemas = document["components"]["schemas"]
    return "".join(
        f'<section class="model"><h3 id="{anchor_of(name)}">{escape(name)} '
        f'<a class="here" href="#{anchor_of(name)}" aria-label="Link to this model">#</a></h3>'
        f"{_model(schemas[name])}</section>"
        for name in sorted(schemas)
    )


def _text(words: str) -> str:
    """A sentence of the document; what stands in backticks is code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(words))


def _description(operation: Operation) -> str:
    return f"<p>{_text(operation['description'])}</p>" if "description" in operation else ""


def _body(content: Mapping[str, Any], document: Document) -> str:
    """Every content type of an operation takes the same models."""
    kinds = " or ".join(f"<code>{escape(kind)}</code>" for kind in content)
    schema = next(iter(content.values()))["schema"]
    refs = [each["$ref"] for each in schema.get("oneOf", [schema])]
    models = "".join(_details(name_of(ref), document, opened=len(refs) == 1) for ref in refs)
    choice = " One of:" if len(refs) > 1 else ""
    return f"<h4>Body</h4><p>{kinds}.{choice}</p>{models}"


def _details(name: str, document: Document, opened: bool) -> str:
    return (
        f'<details class="model"{" open" if opened else ""}><summary>{escape(name)}</summary>'
        f"{_model(document['components']['schemas'][name])}</details>"
    )


def _model(schema: Mapping[str, Any]) -> str:
    required = set(schema.get("required", ()))
    rows = (
        (name, f"{_words(field)}{_default(field)}", name in required, str(field.get("description", "")))
        for name, field in schema.get("properties", {}).items()
    )
    about = f"<p>{_text(schema['description'])}</p>" if "description" in schema else ""
    return about + _fields(rows)


def _default(field: Mapping[str, Any]) -> str:
    value = default_words(field.get("default"))
    return f"; default <code>{escape(value)}</code>" if value else ""


def _fields(rows: Any) -> str:
    """(name, what it holds as HTML, whether it is always there, meaning)."""
    return f'<dl class="fields">{"".join(_field(*row) for row in rows)}</dl>'


def _field(name: str, holds: str, required: bool, meaning: str) -> str:
    always = ' <b class="always">required</b>' if required else ""
    about = f"<p>{_text(meaning)}</p>" if meaning else ""
    return f'<div><dt><code>{escape(name)}</code>{always}</dt><dd><p class="holds">{holds}</p>{about}</dd></div>'


def _words(schema: Mapping[str, Any]) -> str:
    return words(_escaped(schema), _model_link, lambda text: f"<code>{text}</code>")


def _model_link(name: str) -> str:
    return f'<a href="#{anchor_of(name)}">{name}</a>'


def _escaped(node: Any) -> Any:
    """The schema with its texts made safe: what `words` makes of them is HTML."""
    if isinstance(node, dict):
        return {key: _escaped(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_escaped(value) for value in node]
    return escape(node) if isinstance(node, str) else node


def _examples(operation: Operation) -> list[Any]:
    contents = [content for answer in operation["responses"].values() for content in answer["content"].values()]
    return [content["example"] for content in contents if "example" in content]


def _answers(operation: Operation, document: Document) -> str:
    rows, models = [], {}
    for status, answer in operation["responses"].items():
        kind, content = next(iter(answer["content"].items()))
        name = name_of(content["schema"]["$ref"]) if "$ref" in content["schema"] else ""
        problem = problem_of(answer)
        shown = '<a href="#errors">problem</a>' if problem else f"<code>{escape(kind)}</code>"
        about = f"<span>{_text(answer['description'])}</span><span>{shown}</span>"
        rows.append(f'<li class="s{status[0]}"><b>{status}</b>{about}</li>')
        if name and not problem:
            models[name] = _details(name, document, opened=False)
    return f'<ul class="answers">{"".join(rows)}</ul>{"".join(models.values())}'
