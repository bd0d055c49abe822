"""Which records a filter of a given selectivity lets pass: drawn at random, and together with the vectors.

A brand is drawn for each record by itself. A category belongs to whole clusters, drawn until their share is reached:
its products lie together, mostly far from the query, which is what a graph finds worst.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from bench.shard_records import Fields
from bench.workload import CLUSTERS, LABELS, Workload

SHARES: Final = {"0.1": 0.001, "1": 0.01, "10": 0.10, "50": 0.50}
"""Selectivities by their name, in percent, rising; below 1 together, so that a record has at most one of each kind."""
NAMES: Final = tuple(SHARES)
NO_LABEL: Final = len(NAMES)
KINDS: Final = ("random", "correlated")
RECORDS, ORDER = range(2)
"""What is drawn of the labels."""

Labels = npt.NDArray[np.int64]
"""Which of NAMES a record has, NO_LABEL: none; (n,)."""


def random_labels(workload: Workload, records: int) -> Labels:
    """Of the first `records` records; a longer stretch begins like a shorter one."""
    drawn = workload.dice(LABELS, RECORDS).random(records)
    return np.searchsorted(np.cumsum(list(SHARES.values())), drawn, side="right")


def correlated_labels(workload: Workload, records: int) -> Labels:
    """Of the first `records` records, by their cluster."""
    stream = max(0, records - workload.rows)
    clusters = [workload.catalogue_clusters(0, workload.rows), workload.upsert_clusters(0, stream)]
    return cluster_labels(workload)[np.concatenate(clusters)[:records]]


def cluster_labels(workload: Workload) -> Labels:
    """By cluster, (CLUSTERS,): each label takes what fits into its share of those that are left, in a drawn order."""
    order, weights = workload.dice(LABELS, ORDER).permutation(CLUSTERS), workload.cluster_weights
    labels = np.full(CLUSTERS, NO_LABEL)
    for label, share in enumerate(SHARES.values()):
        left = share
        for cluster in order[labels[order] == NO_LABEL].tolist():
            if weights[cluster] <= left:
                labels[cluster] = label
                left -= weights[cluster]
    return labels


def labels_of(workload: Workload, records: int) -> dict[str, Labels]:
    """By kind."""
    return {"random": random_labels(workload, records), "correlated": correlated_labels(workload, records)}


def fields(labels: dict[str, Labels], first: int, count: int) -> list[Fields]:
    """What the contents of those records say: a brand for the random label, a category for the correlated one."""
    found: list[Fields] = [{} for _ in range(count)]
    for at, record in enumerate(range(first, first + count)):
        brand, category = int(labels["random"][record]), int(labels["correlated"][record])
        if brand != NO_LABEL:
            found[at]["brand"] = brand_name(brand)
        if category != NO_LABEL:
            found[at]["category"] = category_path(category)
    return found


def brand_name(label: int) -> str:
    return f"Brand {NAMES[label]} %"


def category_path(label: int) -> list[str]:
    return ["Shop", f"Category {NAMES[label]} %"]


def filters(kind: str, label: int) -> dict[str, object]:
    """`schemas.filters.Filters` that let exactly those records pass."""
    return {"brand": [brand_name(label)]} if kind == "random" else {"category": [category_path(label)]}
