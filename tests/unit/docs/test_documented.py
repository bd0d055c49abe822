"""Every setting, metric, limit, reason, topic, endpoint and command stands in the documents."""

import pytest

from schemas import limits
from schemas.metrics import METRICS
from schemas.reasons import REASONS
from schemas.settings import MODELS, NOT_SETTINGS
from schemas.topics import TOPICS
from tests.conftest import REPOSITORY

DOCS = REPOSITORY / "docs"


def text(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("key", sorted({f"FRESHET_{name.upper()}" for model in MODELS for name in model.model_fields}))
def test_settings(key: str) -> None:
    assert f"`{key}`" in text("settings.md")


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


def test_links_between_documents_lead_somewhere() -> None:
    import re

    broken = []
    for path in [*DOCS.rglob("*.md"), *REPOSITORY.glob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+?)(?:#[^)]*)?\)", path.read_text(encoding="utf-8")):
            if not (path.parent / target).exists():
                broken.append(f"{path.relative_to(REPOSITORY)}: {target}")
    assert broken == []
