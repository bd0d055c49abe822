"""What `freshet replay events` does: says which events would be sent where, and sends them when it is told to."""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from agents.topics import Topics
from freshet.exit_codes import OK
from freshet.printing import local_time, print_json, print_lines
from freshet.replay_options import span_of
from freshet.target import find_target
from replay.events import CATALOG, Pace, Part, Seen, as_they_came, at_rate, check, events, parts_of, seen, send
from replay.log import Log, open_log
from streams.producer import Producer
from streams.topics import place_of


class EventsOptions(NamedTuple):
    begin: str
    end: str
    into: str
    kafka: str
    """Of the topic; empty: the shop's own."""
    rate: float | None
    """Events per second; None: at the pace at which they came."""
    send: bool
    yes_into_live: bool


def replay_events(options: EventsOptions, url: str, data: Path | None, as_json: bool) -> int:
    """Raises StateRefused, InvalidRequest (see `check`) and Unavailable."""
    target, span = find_target(url, data, reads_kafka=True), span_of(options.begin, options.end)
    kafka, topic = options.kafka or target.kafka, Topics(target.generation, target.partitions).name(CATALOG)
    place = place_of(kafka, options.into)
    check(options.into, place, place_of(target.kafka, topic), target.generation, options.yes_into_live)
    with ExitStack() as closing:
        again = partial(open_log, target.kafka, closing)
        parts = parts_of(again(), topic, target.partitions, span)
        found = seen(events(again, topic, parts))
        facts: dict[str, Any] = {
            **found._asdict(),
            "from": topic,
            "into": options.into,
            "cluster": place.cluster_id,
            "partitions": place.partitions,
            "dry_run": not options.send,
        }
        if options.send and found.events:
            facts |= asyncio.run(_send(again, topic, parts, kafka, options, pace_of(options, found)))
    if as_json:
        print_json(facts)
    else:
        print_lines(lines(facts))
    return OK


def pace_of(options: EventsOptions, found: Seen) -> Pace:
    return as_they_came(found.first_ms) if options.rate is None else at_rate(options.rate)


async def _send(
    again: Callable[[], Log], topic: str, parts: list[Part], kafka: str, options: EventsOptions, pace: Pace
) -> dict[str, Any]:
    producer = Producer(kafka, loop=asyncio.get_running_loop())
    try:
        return await send(events(again, topic, parts), producer, options.into, pace, time.monotonic)
    finally:
        await producer.close()


def lines(facts: dict[str, Any]) -> Iterator[str]:
    count = f"{facts['events']:,} events of {facts['skus']:,} products, {facts['value_bytes']:,} bytes"
    yield f"{facts['from']}: {count}"
    if facts["events"]:
        yield f"from {local_time(facts['first_ms'])} to {local_time(facts['last_ms'])}"
    where = f"{facts['into']} ({facts['partitions']} partitions) of cluster {facts['cluster']}"
    if facts["dry_run"]:
        yield f"nothing was written: with --send they go into {where}"
    elif facts["events"]:
        yield f"{facts['sent']:,} written into {where} in {facts['took_s']} s"
