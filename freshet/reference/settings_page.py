"""docs/settings.md: the tables of all settings, process by process."""

from typing import Any

from freshet.reference.marks import Part
from freshet.reference.table import table
from schemas.settings import MODELS, NOT_SETTINGS, PREFIX, Settings
from serving.reference.schema_words import default_words, words

HEAD = ("key", "variable", "default", "holds", "meaning")
SHARED = "Every process"


def parts() -> list[Part]:
    shared = f"## {SHARED}\n\n{_table(Settings, set())}"
    others = [_section(model) for model in MODELS]
    not_settings = table(("variable", "meaning"), ((f"`{name}`", text) for name, text in NOT_SETTINGS.items()))
    return [Part("settings", "\n\n".join([shared, *others])), Part("not settings", not_settings)]


def _section(model: type[Settings]) -> str:
    name, _, does = (model.__doc__ or "").partition(": ")
    return f"## {name}\n\n{does[:1].upper()}{does[1:]}\n\n{_table(model, set(Settings.model_fields))}"


def _table(model: type[Settings], but_not: set[str]) -> str:
    fields: dict[str, Any] = model.model_json_schema()["properties"]
    return table(
        HEAD,
        (
            (f"`{key}`", f"`{PREFIX}{key.upper()}`", _default(field), _holds(field), field.get("description", ""))
            for key, field in fields.items()
            if key not in but_not
        ),
    )


def _default(field: dict[str, Any]) -> str:
    text = default_words(field.get("default"))
    return f"`{text}`" if text else ""


def _holds(field: dict[str, Any]) -> str:
    return words(field).removesuffix(" or null")
