"""Vectors as a catalogue's are: clusters of different sizes in few of the dimensions, and some noise."""

from typing import Final

import numpy as np
import numpy.typing as npt

from index_snapshots.codes import codes, levels
from index_snapshots.graph import Graph, Queries, chosen

LATENT: Final = 24
CLUSTERS: Final = 50


def clustered(count: int, dim: int = 64, seed: int = 1) -> npt.NDArray[np.float16]:
    """(count, dim), unit length before rounding; other seeds draw from the same clusters."""
    world, rng = np.random.default_rng(0), np.random.default_rng(seed)
    scales = np.arange(1, LATENT + 1) ** -0.4
    centres = world.standard_normal((CLUSTERS, LATENT)) * scales
    turned = np.linalg.qr(world.standard_normal((dim, LATENT)))[0].T
    weights = np.arange(1, CLUSTERS + 1) ** -0.5
    which = rng.choice(CLUSTERS, count, p=weights / weights.sum())
    latent = centres[which] + 0.7 * scales * rng.standard_normal((count, LATENT))
    drawn = latent @ turned + 0.05 * rng.standard_normal((count, dim))
    return np.asarray(drawn / np.linalg.norm(drawn, axis=1, keepdims=True), dtype=np.float16)


def built(of: npt.NDArray[np.float16], first: int = 0) -> Graph:
    """A graph of the products sku-N, N from `first` on."""
    return grown(Graph.empty(of.shape[1]), of, first)


def grown(graph: Graph, of: npt.NDArray[np.float16], first: int) -> Graph:
    for at, code in enumerate(codes(of), first):
        graph.add(code[None], levels(f"sku-{at}"))
    return graph


def recall(graph: Graph, of: npt.NDArray[np.float16], ef: int, limit: int = 10) -> float:
    """The share of the nearest codes that a search finds; what is as near as the last of them counts."""
    queries = Queries(codes(of))
    linked = chosen(np.packbits(graph.linked(), bitorder="little"))
    farthest = graph.scan(queries, limit, linked)[0][:, -1:].copy()
    return float((graph.search(queries, limit, ef)[0] <= farthest).mean())
