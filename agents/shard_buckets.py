"""Tells the digests of a shard by buckets, so that two replicas that differ can be asked where."""

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final, get_args

import orjson
from aiohttp import web

from agents.shard import Kept
from index_snapshots.buckets import BUCKETS, Buckets
from index_snapshots.digests import hexadecimal
from index_snapshots.gentle import Gently
from index_snapshots.protocol import Topic
from index_snapshots.view import ShardView
from schemas.digests import DIGEST_HEADER, OFFSET_HEADER
from schemas.errors import InvalidRequest

WAIT_S: Final = 1.0
"""A replica that is behind the offset asked for may come to it within this time."""
POLL_S: Final = 0.001
SHARE_MAX: Final = 0.5
"""Of one core while the buckets are worked out: somebody waits for them, and searches go on."""


class BucketsEndpoint:
    """`GET /buckets?partition=N&digest=documents|offers[&offset=N&made=HEX][&bucket=N]`: BUCKETS digests of one view.

    The offset of the topic at which that view stands, and what the log made its digest there, come in headers before
    the work is done, so that another replica can be asked for the same records. With `offset` it is a view at that
    offset, or one with the digest `made`, or none: two offsets with only a transaction's marker between them are one
    state. With `bucket` the answer is each SKU in that one, with its hash.
    """

    def __init__(self, kept_of: Callable[[int], Kept]) -> None:
        self._kept_of = kept_of
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="buckets")

    async def buckets(self, request: web.Request) -> web.StreamResponse:
        partition, topic = request.query.get("partition", ""), _topic(request.query.get("digest", ""))
        if not partition.isdecimal():
            raise InvalidRequest("bad_partition", "say which partition: ?partition=N")
        view = await _pinned(
            self._kept_of(int(partition)), topic, request.query.get("offset", ""), request.query.get("made", "")
        )
        headers = {OFFSET_HEADER: str(_offset(view, topic)), DIGEST_HEADER: _made(view, topic)}
        bucket = _bucket(request.query.get("bucket", ""))
        response = web.StreamResponse(headers=headers)
        response.content_type = "application/json"
        await response.prepare(request)
        work = _work_out if bucket is None else partial(_rows, bucket=bucket)
        answer = await asyncio.get_running_loop().run_in_executor(self._thread, work, view, topic)
        await response.write_eof(orjson.dumps(answer))
        return response


def _topic(name: str) -> Topic:
    for topic in get_args(Topic):
        if topic == name:
            found: Topic = topic
            return found
    raise InvalidRequest("bad_digest", "say which digest: ?digest=documents or offers")


async def _pinned(kept: Kept, topic: Topic, asked: str, made: str) -> ShardView:
    """The newest view, or one of the same records. Raises InvalidRequest when there is none."""
    if not asked:
        return kept.shard.view
    if not asked.isdecimal():
        raise InvalidRequest("bad_offset", f"offset {asked!r} is not a number")
    offset, until_s = int(asked), time.monotonic() + WAIT_S
    while _offset(view := kept.shard.view, topic) < offset and time.monotonic() < until_s:
        if _made(view, topic) == made:
            return view
        await asyncio.sleep(POLL_S)
    if _offset(view, topic) != offset and _made(view, topic) != made:
        raise InvalidRequest("other_offset", f"{topic} stands at {_offset(view, topic)}, not at {offset}")
    return view


def _offset(view: ShardView, topic: Topic) -> int:
    return view.offsets.documents if topic == "documents" else view.offsets.offers


def _made(view: ShardView, topic: Topic) -> str:
    return view.digest_documents if topic == "documents" else view.digest_offers


def _bucket(asked: str) -> int | None:
    if not asked:
        return None
    if not asked.isdecimal() or int(asked) >= BUCKETS:
        raise InvalidRequest("bad_bucket", f"bucket {asked!r} is not one of 0 to {BUCKETS - 1}")
    return int(asked)


def _work_out(view: ShardView, topic: Topic) -> dict[str, list[str]]:
    buckets, rest = Buckets(view, topic), Gently(threading.Event(), lambda: SHARE_MAX)
    for _ in buckets:
        rest()
    return {"buckets": buckets.digests}


def _rows(view: ShardView, topic: Topic, bucket: int) -> dict[str, dict[str, str]]:
    rest, found = Gently(threading.Event(), lambda: SHARE_MAX), {}
    for row in Buckets(view, topic).rows(bucket):
        if row is None:
            rest()
        else:
            found[row[0]] = hexadecimal(row[1])
    return {"rows": found}
