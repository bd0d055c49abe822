"""A proxy before a server on this machine that holds some of its answers back."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

HOST: Final = "127.0.0.1"
CHUNK_BYTES: Final = 65_536


class SlowProxy:
    """Passes bytes on; what comes back is held for `slow_s` with the chance `share` for each piece of it."""

    def __init__(self, port: int, draw: random.Random) -> None:
        self._port = port
        self._draw = draw
        self.slow_s = 0.0
        self.share = 1.0
        self._open: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[int]:
        """Its own port."""
        server = await asyncio.start_server(self._serve, HOST, 0)
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            server.close()
            for writer in self._open.values():
                writer.close()
            await asyncio.gather(*self._open)

    def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving = asyncio.create_task(self._pass_both(reader, writer))
        self._open[serving] = writer
        serving.add_done_callback(self._open.pop)

    async def _pass_both(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there_reader, there_writer = await asyncio.open_connection(HOST, self._port)
        ways = [
            asyncio.create_task(self._pass_on(reader, there_writer, back=False)),
            asyncio.create_task(self._pass_on(there_reader, writer, back=True)),
        ]
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
        for end in (writer, there_writer):
            end.close()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, back: bool) -> None:
        try:
            while chunk := await reader.read(CHUNK_BYTES):
                if back and self.slow_s and self._draw.random() < self.share:
                    await asyncio.sleep(self.slow_s)
                writer.write(chunk)
                await writer.drain()
        except ConnectionError:
            return  # one side has gone: so does the other
