"""docs/metrics.md: the table of all metrics."""

from freshet.reference.marks import Part
from freshet.reference.table import table
from schemas.metrics import FRESH_SECONDS, METRICS, SECONDS


def parts() -> list[Part]:
    rows = ((f"`{each.name}`", each.kind, ", ".join(each.labels), each.meaning) for each in METRICS)
    text = table(("metric", "kind", "labels", "meaning"), rows)
    others, fresh = (", ".join(f"{bound:g}" for bound in bounds) for bounds in (SECONDS, FRESH_SECONDS))
    buckets = f"Buckets of `freshet_fresh_seconds`: {fresh} s; of the other histograms: {others} s."
    return [Part("metrics", f"{text}\n\n{buckets}")]
