"""The negative control of the chaos test: a stock Faust worker, written as its documentation shows, which loses events.

It takes events in batches, acknowledges a batch however it ends, and raises at one event in RAISE_EVERY.
Usage: python -m tests.system.naive_worker KAFKA TOPIC FILE; the places of the events that were done go to FILE.
"""

import asyncio
import os
import sys
from typing import Any

import faust

NAIVE_GROUP = "naive"
TAKE = 32
WITHIN_S = 0.05
WORK_S = 0.002
RAISE_EVERY = 500


def naive_app(kafka: str, topic: str, done: int) -> faust.App:
    """`done` is a file descriptor open for appending."""
    app = faust.App(
        NAIVE_GROUP,
        broker=f"kafka://{kafka}",
        consumer_group_instance_id="naive-0",  # without it a killed one is missed for a minute
        web_enabled=False,
        topic_allow_declare=False,
        topic_disable_leader=True,
    )
    catalog = app.topic(topic, key_type=bytes, value_type=bytes, value_serializer="raw", key_serializer="raw")

    @app.agent(catalog)
    async def process(stream: Any) -> None:
        count = 0
        async for events in stream.take_events(TAKE, within=WITHIN_S):
            for event in events:
                count += 1
                if count % RAISE_EVERY == 0:
                    raise RuntimeError("one event cannot be processed")
                await asyncio.sleep(WORK_S)
                os.write(done, f"{event.message.partition}-{event.message.offset}\n".encode())

    return app


if __name__ == "__main__":
    kafka, topic, path = sys.argv[1:]
    worker = faust.Worker(
        naive_app(kafka, topic, os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY)), loglevel="warning"
    )
    worker.execute_from_commandline()
