"""What a shard process says of its shards (`GET /state`): every query tier and `agents.session` watch it."""

from pydantic import BaseModel

from schemas.digests import Checkpoints, Scrubbed
from schemas.hits import ShardState
from schemas.stored import InStore


class LiveFrom(BaseModel):
    """Offsets from which on the digests of a replica are those of any other."""

    documents: int
    offers: int


class ShardOnProcess(BaseModel):
    """One partition of one replica, as its process reports it."""

    state: ShardState
    rows: int = 0
    visible: int = 0
    held_offers: int = 0
    ready: bool = False
    encoder: str = ""
    dim: int = 0
    currencies: list[str] = []
    """In which there are prices."""
    applied_records: int = 0
    digest_documents: str = ""
    """32 hex digits over the newest document per SKU, at `state`."""
    digest_offers: str = ""
    checkpoints: Checkpoints = Checkpoints()
    live_from: LiveFrom | None = None
    """Null while it is catching up."""
    scrub: Scrubbed | None = None
    """Null until the first one is done."""
    in_store: InStore | None = None
    """Null until a snapshot was sent to the store, or where there is none."""


class StateAnswer(BaseModel):
    shards: list[ShardOnProcess]
