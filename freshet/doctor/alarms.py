"""The alerts of ops/alerts.yml that one look can tell and no other check does, for a stack without Prometheus."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from freshet.alerts.alerts import ALERTS
from freshet.alerts.looking import Raised, raised
from freshet.doctor.finding import Finding, ok, problem, warning
from freshet.doctor.place import Place
from freshet.http_page import fetch
from freshet.runtime.ports import LOOPBACK

NAME = "alarms"
OURS = tuple(alert for alert in ALERTS if alert.doctor == NAME)
TIMEOUT_S = 4.0
"""The tier asks Kafka for its answer."""


@dataclass(frozen=True)
class AlarmFacts:
    pages: Mapping[str, str]
    """What `/metrics` said, by process."""


def examine(place: Place) -> list[Finding]:
    return judge(gather(place))


def gather(place: Place) -> AlarmFacts:
    ports = {one.name: one.port for one in place.processes if one.alive and one.port}
    urls = {name: f"http://{LOOPBACK}:{port}" for name, port in ports.items() if name not in ("kafka", "redis")}
    if place.url and not any(urlsplit(place.url).port == port for port in ports.values()):
        urls["serving"] = place.url
    pages = {name: _page(url, place.settings.admin_key) for name, url in urls.items()}
    return AlarmFacts({name: page for name, page in pages.items() if page})


def judge(facts: AlarmFacts) -> list[Finding]:
    found = [one for name, page in facts.pages.items() for one in raised(page, OURS, name)]
    if not facts.pages:
        return [ok(NAME, "not known: no process tells its metrics")]
    said = {one.said: _finding(one) for one in found}  # several tiers say the same, and the last limit is the worst
    return list(said.values()) or [ok(NAME, f"none, by the metrics of {', '.join(facts.pages)}")]


def _finding(one: Raised) -> Finding:
    kind = problem if one.alert.severity == "critical" else warning
    return kind(NAME, one.said, f"see {one.alert.runbook}")


def _page(url: str, key: str) -> str:
    """Empty where it does not answer, or not with its metrics."""
    answer = fetch(url, "/metrics", key, TIMEOUT_S)
    return answer.text.decode(errors="replace") if answer.status == 200 else ""
