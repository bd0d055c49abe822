"""What each reason means, and what helps."""

from typing import Final

from schemas.reasons import REASONS
from serving.stuck.model import StuckReason

ITSELF: Final = "nothing: it comes by itself; if it lasts, freshet status shows "
WORDS: Final[dict[StuckReason, tuple[str, str]]] = {
    "decision": ("the newest event waits for its decision", f"{ITSELF}whether catalog works"),
    "encoder": ("it is accepted, and its text waits for the encoder", f"{ITSELF}whether embed works"),
    "shard": ("it is accepted, and no replica has taken it yet", f"{ITSELF}whether the shards follow"),
    "behind": ("only some of the replicas have it", f"{ITSELF}which replica is behind"),
    "taken_out": (
        "only a replica has it that was taken out, because it is known to be wrong",
        "freshet status names the replica, and the command that builds it again",
    ),
}


def words(reason: StuckReason, code: str) -> tuple[str, str]:
    """(what it means, what helps)."""
    if reason != "dead-lettered":
        return WORDS[reason]
    known = REASONS.get(code)
    meaning = known.meaning.rstrip(".") if known else "the newest event was refused"
    says = f"{meaning[0].lower()}{meaning[1:]}" if meaning[:2] != "A " else f"a {meaning[2:]}"
    if code == "unknown_sku":
        return says, "send the whole product as an upsert first"
    if known is not None and known.who == "operator":
        return says, f"after the repair: freshet dlq replay --all --reason {code}"
    return says, "correct it and send it again"
