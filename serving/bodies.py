"""Reads request bodies: bounded, also after inflating, and only of the kinds a route takes."""

import asyncio
import zlib

from aiohttp import web

from serving.problems import Refusal

READ_S_MAX = 30.0
"""A body must have arrived after so long: a slow client must not hold its place for ever."""
GZIP_WINDOW = 16 + zlib.MAX_WBITS
INFLATE_STEP_BYTES = 1_000_000


async def read_body(
    request: web.Request, bytes_max: int, content_types: tuple[str, ...], read_s_max: float = READ_S_MAX
) -> bytes:
    """The body, inflated when it is gzip. Raises Refusal 413, 415, 408 or 400.

    The server must hand bodies over as they are (`auto_decompress=False`): its own inflating lets cut gzip pass.
    """
    if request.content_type not in content_types:
        raise Refusal(
            415,
            "unsupported_media_type",
            f"Content-Type {request.content_type} is not taken here",
            hint=f"send {' or '.join(content_types)}",
        )
    coding = request.headers.get("Content-Encoding", "identity").lower()
    if coding not in ("identity", "gzip"):
        raise Refusal(415, "unsupported_encoding", f"Content-Encoding {coding} is not taken", hint="use gzip or none")
    if (request.content_length or 0) > bytes_max:
        raise too_large(bytes_max)
    try:
        async with asyncio.timeout(read_s_max):
            body = await _read(request, bytes_max)
    except TimeoutError:
        raise Refusal(408, "body_too_slow", f"the body did not arrive within {read_s_max:g} s") from None
    return await _inflate(body, bytes_max) if coding == "gzip" else body


async def _read(request: web.Request, bytes_max: int) -> bytes:
    body = bytearray()
    async for part in request.content.iter_any():
        body += part
        if len(body) > bytes_max:
            raise too_large(bytes_max)
    return bytes(body)


async def _inflate(packed: bytes, bytes_max: int) -> bytes:
    """Step by step, so that a bomb costs at most `bytes_max` and other requests get their turn."""
    inflater, body = zlib.decompressobj(wbits=GZIP_WINDOW), bytearray()
    try:
        while not inflater.eof:
            step = inflater.decompress(packed, min(INFLATE_STEP_BYTES, bytes_max + 1 - len(body)))
            packed = inflater.unconsumed_tail
            body += step
            if len(body) > bytes_max:
                raise too_large(bytes_max)
            if not step and not packed:
                break
            await asyncio.sleep(0)
    except zlib.error as error:
        raise Refusal(400, "malformed_gzip", f"the body is not gzip: {error}") from None
    if not inflater.eof or inflater.unused_data:
        raise Refusal(400, "malformed_gzip", "the gzip body is cut, or more follows after its end")
    return bytes(body)


def too_large(bytes_max: int) -> Refusal:
    return Refusal(
        413, "body_too_large", f"the body has more than {bytes_max:,} bytes", hint="split it into several requests"
    )
