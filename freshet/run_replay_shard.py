"""What `freshet replay shard` does: one shard as it was, its digests, a product of it, a search on it."""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from agents.asked import Pinned, PinnedView
from freshet.exit_codes import OK
from freshet.printing import print_json, print_lines
from freshet.replay_options import moment_of
from freshet.replay_room import Room, room
from index_snapshots.digests import hexadecimal
from index_snapshots.protocol import Lookup, Offsets
from replay.answers.asked_now import Encode, asked_now
from replay.shards.bases import nearest
from replay.shards.rebuilding import Shard
from replay.shards.rebuilt import RebuiltShard
from schemas.errors import InvalidRequest
from schemas.hits import Hit
from schemas.search import SearchRequest
from schemas.settings import ServingSettings, ShardSettings, read
from serving.query_vectors import fp16_text
from serving.wiring import open_encoder


def replay_shard(
    at: str,
    partition: int,
    sku: str | None,
    query: str | None,
    limit: int,
    url: str,
    data: Path | None,
    as_json: bool,
) -> int:
    """Raises InvalidRequest for a moment that there was not, StateRefused for one that is too old."""
    settings = read(ShardSettings, os.environ)
    with room(url, data) as here, ExitStack() as closing:
        check_partition(here, partition)
        offsets = offsets_of(here, partition, at)
        rebuilt = opened(here, partition, offsets, settings, closing)
        rebuilt.extend(offsets)
        rebuilt.advance(offsets)
        facts = state(rebuilt)
        if sku is not None:
            facts["sku"] = {"sku": sku, **told(rebuilt.view.lookup(sku))}
        if query is not None:
            hits = search(rebuilt, query, limit, read(ServingSettings, os.environ))
            facts["hits"] = [hit.model_dump(mode="json", exclude_none=True) for hit in hits]
    if as_json:
        print_json(facts)
    else:
        print_lines(lines(facts))
    return OK


def check_partition(here: Room, partition: int) -> None:
    """Raises InvalidRequest."""
    if partition >= here.target.partitions:
        raise InvalidRequest("no_shard", f"there are {here.target.partitions} partitions, from 0")


def opened(here: Room, partition: int, offsets: Offsets, settings: ShardSettings, closing: ExitStack) -> RebuiltShard:
    """At these offsets or before, of whichever lineage leads there. Raises StateRefused where none does."""
    base = nearest(here.rebuilding.bases, partition, offsets, None)
    shard = Shard(partition, base.lineage if base else "log", tuple(settings.facets))
    return here.rebuilding.open(shard, offsets, closing)


def offsets_of(here: Room, partition: int, at: str) -> Offsets:
    return moment_of(at).of(here.log, here.rebuilding.place.names, partition)


def state(rebuilt: RebuiltShard) -> dict[str, Any]:
    view, counts = rebuilt.view, rebuilt.view.counts
    return {
        "partition": view.identity.partition,
        "from": rebuilt.where,
        "lineage": view.identity.lineage,
        "documents_offset": view.offsets.documents,
        "offers_offset": view.offsets.offers,
        "rows": counts.rows,
        "visible": counts.visible,
        "held_offers": counts.held_offers,
        "digest_documents": view.digest_documents,
        "digest_offers": view.digest_offers,
        "digest_structure": hexadecimal(rebuilt.structure_digest),
        "checkpoints": rebuilt.checkpoints.model_dump(),
    }


def told(found: Lookup) -> dict[str, Any]:
    return {
        "shown": found.hit.model_dump(mode="json", exclude_none=True) if found.hit else None,
        "deleted": found.deleted,
        "waiting": found.waiting,
        "content_order": found.content_order and list(found.content_order),
        "offer_order": found.offer_order and list(found.offer_order),
    }


def search(rebuilt: RebuiltShard, text: str, limit: int, settings: ServingSettings) -> list[Hit]:
    """By the encoder of this machine, where the text says something."""
    pinned = Pinned(PinnedView(rebuilt.view), rebuilt.words())
    request = SearchRequest(text=text, limit=limit)
    return asked_now(pinned, request, settings, encoder(settings) if text else _none).hits


def encoder(settings: ServingSettings) -> Encode:
    opened = open_encoder(settings)
    return lambda text: fp16_text(opened.encode_texts([text])[0])


def _none(text: str) -> str:
    return ""


def lines(facts: dict[str, Any]) -> Iterator[str]:
    at = f"documents {facts['documents_offset']:,}, offers {facts['offers_offset']:,}"
    held = f"{facts['rows']:,} rows, {facts['held_offers']:,} held offers"
    yield f"partition {facts['partition']} at {at}: {facts['visible']:,} products shown, {held}"
    yield f"rebuilt from {facts['from']}, lineage {facts['lineage']}"
    yield from (f"{name:10} {facts[f'digest_{name}']}" for name in ("documents", "offers", "structure"))
    if "sku" in facts:
        yield sku_line(facts["sku"])
    for place, hit in enumerate(facts.get("hits", ()), 1):
        relevance = f"{hit['relevance']:.4f} " if "relevance" in hit else ""
        yield f"{place:>3} {relevance}{hit['sku']}  {hit['content']['title']}"


def sku_line(one: dict[str, Any]) -> str:
    shown = one["shown"]
    if shown is None:
        why = (
            "it was deleted"
            if one["deleted"]
            else f"its {one['waiting']} had not come"
            if one["waiting"]
            else "unknown"
        )
        return f"{one['sku']}: not shown: {why}"
    price = (shown.get("offer") or {}).get("price")
    cost = f"{price['amount']} {price['currency']}" if price else "no price"
    return f"{one['sku']}: {shown['content']['title']}, {cost}, {'in' if shown['in_stock'] else 'out of'} stock"
