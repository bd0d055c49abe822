"""Which alerts a page of metrics calls for, as far as one look can tell."""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from prometheus_client.parser import text_string_to_metric_families

from freshet.alerts.alert import Alert, Gauge


class Raised(NamedTuple):
    alert: Alert
    labels: Mapping[str, str]
    value: float

    @property
    def said(self) -> str:
        return self.alert.said(self.labels, self.value)


def raised(page: str, alerts: Iterable[Alert], instance: str) -> Iterator[Raised]:
    """`page`: what `/metrics` of one process answered; `instance`: its name. Raises ValueError for another page."""
    families = {family.name: family for family in text_string_to_metric_families(page)}
    for alert in alerts:
        gauge = alert.when
        if not isinstance(gauge, Gauge) or gauge.metric not in families:
            continue
        for sample in families[gauge.metric].samples:
            if gauge.beyond(sample.value):
                yield Raised(alert, {"instance": instance, **sample.labels}, sample.value)
