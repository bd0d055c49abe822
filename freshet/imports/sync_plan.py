"""Which products a file no longer holds, and whether they may be deleted. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from freshet.imports.sku_set import SkuSet
from schemas.records import EventId

SHARE_MAX = 0.2
"""A larger share of the shop is only deleted when it is forced: more likely it is the wrong file or mapping."""
NAMES_SHOWN = 10


@dataclass(frozen=True)
class SyncPlan:
    live: int
    """Products in the shop."""
    missing: list[tuple[str, EventId]]
    """SKUs that the file does not hold, with the event that made them what they are, by SKU."""
    left_alone: int
    """Others that changed after the import began."""

    @property
    def share(self) -> float:
        return len(self.missing) / self.live if self.live else 0.0


def plan_sync(live: Mapping[str, EventId], in_file: SkuSet, began: Mapping[int, int]) -> SyncPlan:
    """`began`: the end of `catalog` by partition when the import began."""
    missing = sorted((sku, event) for sku, event in live.items() if sku not in in_file)
    old = [(sku, event) for sku, event in missing if event.offset < began.get(event.partition, 0)]
    return SyncPlan(len(live), old, len(missing) - len(old))


def refusal(plan: SyncPlan, *, products: int, rejected: int, partly: str, force: bool) -> str:
    """Why nothing is deleted, empty when all may be. `partly` says why the file was not read as a whole.

    `force` overrides the share and the rejected lines; what was not read is never taken for missing.
    """
    if not plan.missing:
        return ""
    if partly:
        return f"the file was not read as a whole ({partly}): what it holds beyond is not known"
    if not products:
        return "the file holds no product: that would empty the shop"
    if rejected and not force:
        return f"{rejected:,} lines were rejected and their products may be among them; mend them, or add --force"
    if plan.share > SHARE_MAX and not force:
        return (
            f"they are {plan.share:.0%} of the {plan.live:,} products in the shop, more than {SHARE_MAX:.0%}; "
            "when that is meant, add --force"
        )
    return ""
