"""The spans of one batch: one for each trace that records came with, and what is written from them names it."""

from collections.abc import Sequence

from schemas.tracing import Span, Tracer
from streams.reader import LogRecord
from streams.transactions import Outgoing


class BatchTrace:
    """Of a batch that is being worked on; the span is of the first record of its trace. A request with 10,000 products
    has so many spans as batches they fell into."""

    def __init__(self, tracer: Tracer, name: str, records: Sequence[LogRecord]) -> None:
        self._spans: dict[bytes, Span] = {}
        for record in records if tracer.on else ():
            if record.traceparent and record.traceparent not in self._spans:
                self._spans[record.traceparent] = tracer.begin(
                    name, record.traceparent, topic=record.topic, partition=record.partition, offset=record.offset
                )

    def named(self, outgoing: Sequence[Outgoing]) -> Sequence[Outgoing]:
        """The records as they are written: each goes on from the span of what it was made from."""
        if not self._spans:
            return outgoing
        return [
            one._replace(traceparent=self._spans[one.traceparent].traceparent) if one.traceparent else one
            for one in outgoing
        ]

    def end(self) -> None:
        for span in self._spans.values():
            span.end()
