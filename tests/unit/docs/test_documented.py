"""Every setting, metric, limit, reason, topic, endpoint and command stands in the documents, as it is in the code."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from freshet import exit_codes
from freshet.reference.__main__ import DOCS, PAGES
from freshet.reference.cli_page import FOR_ALL, commands
from freshet.reference.marks import renew
from schemas import limits
from schemas.metrics import METRICS
from schemas.reasons import REASONS
from schemas.settings import MODELS, NOT_SETTINGS, known_keys
from schemas.topics import TOPICS
from serving.app import ROUTES
from tests.conftest import REPOSITORY

COMMANDS = dict(commands())
WITHOUT_RESULT = ("freshet completion",)
"""It prints a script, and asks no stack."""


def text(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", PAGES)
def test_generated_parts_are_up_to_date(name: str) -> None:
    """If not: `make docs`."""
    assert renew(text(name), PAGES[name]()) == text(name), "run `make docs`"


@pytest.mark.parametrize(
    ("name", "written"),
    [
        *[("settings.md", f"| `{key}` | `FRESHET_{key.upper()}` |") for key in known_keys()],
        *[("settings.md", f"| `{variable}` |") for variable in NOT_SETTINGS],
        *[("metrics.md", f"| `{metric.name}` | {metric.kind} |") for metric in METRICS],
        *[("events.md", f"| `{limit}` | {vars(limits)[limit]:,} |") for limit in vars(limits) if limit.isupper()],
        *[("events.md", f"| `{reason}` | {REASONS[reason].meaning} |") for reason in REASONS],
        *[("events.md", f"| `{topic.name}` | {topic.key} |") for topic in TOPICS],
        *[("api.md", f"\n## {route.method} {route.path}\n") for route in ROUTES],
        *[("cli.md", f"\n### `{name}") for name in COMMANDS],
        *[("cli.md", f"\n| {code} |") for name, code in vars(exit_codes).items() if name.isupper()],
    ],
    ids=lambda value: str(value).strip(),
)
def test_everything_has_its_place(name: str, written: str) -> None:
    """Beside the generator: a table that leaves something out is up to date too."""
    assert written in text(name)


def test_every_setting_says_what_it_is_for() -> None:
    assert [key for key, meaning in known_keys().items() if not meaning] == []
    assert all(": " in (model.__doc__ or "") for model in MODELS)


def test_endpoints_of_the_workers() -> None:
    code = "".join(path.read_text(encoding="utf-8") for path in (REPOSITORY / "agents").rglob("*.py"))
    routes = re.findall(r'router\.add_(get|post)\("([^"]+)"', code)
    assert len(routes) > 5
    part = text("api.md").split("## Endpoints of the workers")[1]
    assert [path for method, path in routes if f"| `{method.upper()} {path}" not in part] == []


def test_every_metric_is_used_somewhere() -> None:
    code = "".join(
        path.read_text(encoding="utf-8")
        for folder in ("agents", "serving", "streams", "encoders", "index_snapshots")
        for path in (REPOSITORY / folder).rglob("*.py")
    )
    assert [metric.name for metric in METRICS if f'"{metric.name}"' not in code] == []


@pytest.mark.parametrize("name", COMMANDS)
def test_commands_explain_themselves(name: str) -> None:
    """A sentence for the command and words for each option; and the options of all commands."""
    command = COMMANDS[name]
    assert command.help
    assert [each.name for each in command.params if not each.help] == []
    if name not in WITHOUT_RESULT:
        assert set(FOR_ALL) <= {option for each in command.params for option in each.opts}


@pytest.mark.parametrize("option", FOR_ALL)
def test_options_of_all_commands(option: str) -> None:
    assert re.search(rf"^\| `{option}\b", text("cli.md").split("\n## ")[0], flags=re.M)


def test_every_command_of_the_cli_page_has_an_example() -> None:
    examples = "\n".join(re.findall(r"```(?:sh|console)\n(.*?)```", text("cli.md"), flags=re.S))
    assert [name for name in COMMANDS if not re.search(rf"\b{name}\b", examples)] == []


CALL = re.compile(r"(?:^|\$ |&& |\| |\$\()freshet ([^|&;#>)\n]*)", flags=re.M)


def calls() -> Iterator[tuple[str, str]]:
    """Every command in a block of code of a document: (where, what)."""
    for path in [*DOCS.rglob("*.md"), *REPOSITORY.glob("*.md")]:
        for block in re.findall(r"^```(?:sh|console)\n(.*?)^```", path.read_text(encoding="utf-8"), flags=re.M | re.S):
            yield from ((path.name, call.strip()) for call in CALL.findall(block))


@pytest.mark.parametrize(("where", "call"), sorted(set(calls())))
def test_commands_in_documents_exist_with_their_options(where: str, call: str) -> None:
    words = shlex.split(call)
    name = max((name for name in COMMANDS if f"freshet {call} ".startswith(f"{name} ")), key=len, default="")
    assert name, f"{where}: freshet {call}"
    known = {option for each in COMMANDS[name].params for option in (*each.opts, *each.secondary_opts)}
    given = {word.split("=")[0] for word in words if re.match(r"--?[a-z]", word)}
    assert given <= known | {"--help"}, f"{where}: freshet {call}"


def test_links_between_documents_lead_somewhere() -> None:
    broken = []
    for path in [*DOCS.rglob("*.md"), *REPOSITORY.glob("*.md")]:
        for target, anchor in re.findall(r"\]\(([^)#:\s]*)(#[^)]*)?\)", path.read_text(encoding="utf-8")):
            there = path.parent / target if target else path
            if not there.exists() or (anchor and there.suffix == ".md" and anchor[1:] not in anchors(there)):
                broken.append(f"{path.relative_to(REPOSITORY)}: {target}{anchor}")
    assert broken == []


def test_the_index_lists_every_document() -> None:
    assert [
        path.name for path in DOCS.glob("*.md") if path.name != "index.md" and f"({path.name})" not in text("index.md")
    ] == []


def test_decisions_are_numbered_without_gaps_and_listed() -> None:
    decisions = sorted((DOCS / "adr").glob("*.md"))
    assert [path.name[:4] for path in decisions] == [f"{number:04}" for number in range(1, len(decisions) + 1)]
    for number, path in enumerate(decisions, 1):
        assert path.read_text(encoding="utf-8").startswith(f"# {number}. ")
        assert f"(adr/{path.name})" in text("index.md")


def anchors(path: Path) -> set[str]:
    """Of the headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), flags=re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
