"""docs/metrics.md: the table of all metrics."""

from freshet.reference.marks import Part
from freshet.reference.table import table
from schemas.metrics import METRICS, SECONDS


def parts() -> list[Part]:
    rows = ((f"`{each.name}`", each.kind, ", ".join(each.labels), each.meaning) for each in METRICS)
    buckets = ", ".join(f"{bound:g}" for bound in SECONDS)
    text = table(("metric", "kind", "labels", "meaning"), rows)
    return [Part("metrics", f"{text}\n\nBuckets of the histograms: {buckets} s.")]
