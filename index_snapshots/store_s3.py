"""A snapshot store in a bucket of Amazon S3, or of a server that speaks its language."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Final, NamedTuple

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import S3Store as Client

from index_snapshots.s3_access import S3Access
from index_snapshots.s3_failures import MISSING, NO_CONDITIONS, failure, reason
from index_snapshots.stores import ObjectMissing
from schemas.errors import SettingsError, Unavailable

PART_BYTES: Final = 8 << 20
"""A larger object is sent in parts of this size, each of them sent again by itself when it fails."""
PARTS_MAX: Final = 10_000
"""S3 takes no more for one object: beyond 84 GB the parts grow."""
PARTS_AT_ONCE: Final = 2
READ_BYTES: Final = 1 << 20
CONNECT_S_MAX: Final = 5.0


class Limits(NamedTuple):
    """Of one request; where they end the shipper tries again later."""

    retries_max: int = 4
    retry_s: float = 0.2
    """Until the first retry; twice as long after each, up to:"""
    retry_s_max: float = 2.0
    retrying_s_max: float = 20.0
    """No retry begins later."""
    send_s_max: float = 120.0
    """Of a part on its way: 70 kB/s is slower than any store that is of use."""
    silence_s_max: float = 20.0
    """Of a server that is sending an object."""
    goes_on_max: int = 5
    """So often a download that was cut goes on where it was, without a byte in between."""


LIMITS: Final = Limits()


class S3Store:
    """See `stores.ObjectStore`."""

    def __init__(self, bucket: str, prefix: str, access: S3Access, limits: Limits = LIMITS) -> None:
        """Asks nothing of the server yet. Raises SettingsError."""
        self.url = f"s3://{bucket}/{prefix}".rstrip("/")
        self._limits = limits
        # A download may take hours while bytes come, an upload may hang without a word: no one timeout fits both.
        sending = {"timeout": timedelta(seconds=limits.send_s_max)}
        reading = {"timeout": timedelta(days=1), "read_timeout": timedelta(seconds=limits.silence_s_max)}
        self._sending = self._client(bucket, prefix, access, sending)
        self._reading = self._client(bucket, prefix, access, reading)

    def names(self, prefix: str) -> list[str]:
        with self._answering():
            return sorted(one["path"] for page in obstore.list(self._sending, prefix or None) for one in page)

    def put(self, name: str, blocks: Iterable[bytes], size: int) -> None:
        whole = self._exactly(name, blocks, size)
        with self._answering():
            if size <= PART_BYTES:
                obstore.put(self._sending, name, b"".join(whole), use_multipart=False)
            else:
                length = part_bytes(size)
                obstore.put(self._sending, name, whole, chunk_size=length, max_concurrency=PARTS_AT_ONCE)

    def put_new(self, name: str, data: bytes) -> bool:
        with self._answering():
            try:
                obstore.put(self._sending, name, data, mode="create", use_multipart=False)
            except AlreadyExistsError:
                return False
            except BaseError as error:
                if reason(error) != NO_CONDITIONS:
                    raise
                return self._put_unless_seen(name, data)
        return True

    def get(self, name: str) -> Iterator[bytes]:
        at, mark, cuts = 0, None, 0
        while True:
            try:
                answer = obstore.get(self._reading, name, options=_rest(at, mark))
                mark = answer.meta["e_tag"]
                for block in answer.stream(min_chunk_size=READ_BYTES):
                    at, cuts = at + len(block), 0
                    yield bytes(block)
            except (BaseError, FileNotFoundError) as error:
                if reason(error) == MISSING:
                    raise ObjectMissing(name) from error
                cuts += 1
                if at == 0 or cuts > self._limits.goes_on_max:
                    raise failure(error, self.url) from None
            else:
                return

    def remove(self, name: str) -> None:
        with self._answering():
            try:
                obstore.delete(self._sending, name)
            except FileNotFoundError as error:
                if reason(error) != MISSING:
                    raise

    def _put_unless_seen(self, name: str, data: bytes) -> bool:
        """Where a store knows no conditions another one may come between the look and the write."""
        try:
            obstore.head(self._sending, name)
        except FileNotFoundError:
            obstore.put(self._sending, name, data, use_multipart=False)
            return True
        return False

    def _exactly(self, name: str, blocks: Iterable[bytes], size: int) -> Iterator[bytes]:
        count = 0
        for block in blocks:
            count += len(block)
            yield block
        if count != size:
            raise Unavailable(f"{name} has {count} bytes, not {size}: it is not put into {self.url}")

    def _client(self, bucket: str, prefix: str, access: S3Access, timeouts: dict[str, timedelta]) -> Client:
        limits = self._limits
        client: Any = {"allow_http": access.plain, "connect_timeout": timedelta(seconds=CONNECT_S_MAX), **timeouts}
        backoff = {
            "init_backoff": timedelta(seconds=limits.retry_s),
            "max_backoff": timedelta(seconds=limits.retry_s_max),
            "base": 2,
        }
        retries: Any = {
            "max_retries": limits.retries_max,
            "retry_timeout": timedelta(seconds=limits.retrying_s_max),
            "backoff": backoff,
        }
        try:
            return Client(
                bucket,
                prefix=prefix or None,
                disable_bulk_delete=True,  # few stores but Amazon's know the other form
                client_options=client,
                retry_config=retries,
                **access.options(),
            )
        except BaseError as error:  # half a pair of keys
            says = str(error).partition("\n")[0]
            raise SettingsError(f"the snapshot store {self.url} cannot be set up: {says}") from None

    @contextmanager
    def _answering(self) -> Iterator[None]:
        try:
            yield
        except (BaseError, FileNotFoundError) as error:
            raise failure(error, self.url) from None


def part_bytes(size: int) -> int:
    """Of each part of an object of so many bytes."""
    return max(PART_BYTES, -(-size // PARTS_MAX))


def _rest(at: int, mark: str | None) -> Any:
    """Options for what comes from a byte on, of the same object."""
    return {"range": {"offset": at}, "if_match": mark} if at else None
