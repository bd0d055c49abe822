"""What a shard says of its snapshots in the store."""

from schemas.strict import Strict


class InStore(Strict):
    """The newest snapshot that this replica has sent to the store, and whether the store fails."""

    url: str
    """Of the store."""
    snapshot: str = ""
    """Its name there; empty: none since the process started."""
    documents_offset: int = 0
    """Where it stands."""
    stored_ms: int = 0
    """ms since 1970; 0: none."""
    failing: str = ""
    """Why the next one is not there yet; empty: all is well."""
    failing_since_ms: int = 0
    """ms since 1970; 0: all is well."""
