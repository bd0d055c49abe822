"""Every setting, metric, limit, reason, topic, endpoint and command stands in the documents."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import typer

from freshet import exit_codes
from freshet.cli import app
from schemas import limits
from schemas.metrics import METRICS
from schemas.reasons import REASONS
from schemas.settings import MODELS, NOT_SETTINGS, Settings
from schemas.topics import TOPICS
from serving.app import ROUTES
from tests.conftest import REPOSITORY

DOCS = REPOSITORY / "docs"


def text(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


SETTINGS_OF = {"Every process": Settings} | {
    (model.__doc__ or "").split(":")[0]: model for model in MODELS
}  # the heading in settings.md


def settings_rows(model: type[Settings]) -> list[str]:
    """The rows of its table: the shared settings stand in a table of their own."""
    shared = set() if model is Settings else set(Settings.model_fields)
    fields = {name: field for name, field in model.model_fields.items() if name not in shared}
    defaults = {name: field.get_default(call_default_factory=True) for name, field in fields.items()}
    shown = {name: "" if value in (None, "", []) else f"`{value}`" for name, value in defaults.items()}
    return [
        f"| `FRESHET_{name.upper()}` | {shown[name]} | {(field.description or '').replace('|', chr(92) + '|')} |"
        for name, field in fields.items()
    ]


@pytest.mark.parametrize("heading", SETTINGS_OF)
def test_settings_have_the_defaults_and_descriptions_of_the_code(heading: str) -> None:
    part = next(part for part in text("settings.md").split("\n## ") if part.startswith(heading + "\n"))
    written = [line for line in part.splitlines() if line.startswith("| `")]
    assert written == settings_rows(SETTINGS_OF[heading])


def test_variables_that_are_no_settings() -> None:
    assert all(f"`{name}`" in text("settings.md") for name in NOT_SETTINGS)


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_metrics(metric: object) -> None:
    name, meaning = metric.name, metric.meaning  # type: ignore[attr-defined]
    assert f"| `{name}` |" in text("metrics.md") and meaning in text("metrics.md")


def test_every_metric_is_used_somewhere() -> None:
    code = "".join(
        path.read_text(encoding="utf-8")
        for folder in ("agents", "serving", "streams", "encoders", "index_snapshots")
        for path in (REPOSITORY / folder).rglob("*.py")
    )
    assert [metric.name for metric in METRICS if f'"{metric.name}"' not in code] == []


@pytest.mark.parametrize("name", [name for name in vars(limits) if name.isupper()])
def test_limits(name: str) -> None:
    assert f"| `{name}` | {vars(limits)[name]:,} |" in text("events.md")


@pytest.mark.parametrize("reason", REASONS)
def test_reasons(reason: str) -> None:
    assert f"| `{reason}` | {REASONS[reason].meaning} |" in text("events.md")


@pytest.mark.parametrize("topic", [topic.name for topic in TOPICS])
def test_topics(topic: str) -> None:
    assert f"| `{topic}` |" in text("events.md")


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_routes(route: Any) -> None:
    table = [line for line in text("api.md").splitlines() if line.startswith("| `")]
    assert [line for line in table if f"`{route.method} {route.path}`" in line]


def commands(group: Any, *path: str) -> Iterator[tuple[str, Any]]:
    """Every command below a group, as a person types it: `freshet topics ls`."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, *path, name)
        else:
            yield " ".join((*path, name)), command


COMMANDS = dict(commands(typer.main.get_command(app), "freshet"))
FOR_ALL = ("--data", "--json")


def sections() -> dict[str, str]:
    """The headings of docs/cli.md, without their arguments, and the text below each."""
    parts = re.split(r"^#+ ", text("cli.md"), flags=re.M)
    named = ((re.match(r"`(freshet[a-z ]*[a-z])", part), part) for part in parts)
    return {match[1]: part for match, part in named if match}


def options(command: Any) -> set[str]:
    return {name for option in command.params for name in (*option.opts, *option.secondary_opts) if name[0] == "-"}


def test_the_cli_page_has_exactly_the_commands_there_are() -> None:
    assert sorted(sections()) == sorted(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_commands(name: str) -> None:
    """Its options and no others, and its help is a sentence."""
    rows = [line.split("|")[1] for line in sections()[name].splitlines() if line.startswith("| `-")]
    written = {found for row in rows for found in re.findall(r"`(--?[a-z][a-z-]*)", row)}
    assert written == options(COMMANDS[name]) - set(FOR_ALL)
    assert COMMANDS[name].help


@pytest.mark.parametrize("option", FOR_ALL)
def test_options_of_all_commands(option: str) -> None:
    assert all(option in options(command) for command in COMMANDS.values())
    assert re.search(rf"^\| `{option}\b", text("cli.md").split("\n## ")[0], flags=re.M)


@pytest.mark.parametrize("code", [value for name, value in vars(exit_codes).items() if name.isupper()])
def test_exit_codes(code: int) -> None:
    assert f"\n| {code} |" in text("cli.md")


def test_every_command_of_the_cli_page_has_an_example() -> None:
    examples = "\n".join(re.findall(r"```sh\n(.*?)```", text("cli.md"), flags=re.S))
    assert [name for name in COMMANDS if not re.search(rf"\b{name}\b", examples)] == []


def test_links_between_documents_lead_somewhere() -> None:
    broken = []
    for path in [*DOCS.rglob("*.md"), *REPOSITORY.glob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+?)(?:#[^)]*)?\)", path.read_text(encoding="utf-8")):
            if not (path.parent / target).exists():
                broken.append(f"{path.relative_to(REPOSITORY)}: {target}")
    assert broken == []
