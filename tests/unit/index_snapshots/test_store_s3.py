"""A bucket behind a network that fails, cuts, loses and slows; what it refuses is said in words."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bench.s3_server import S3Server, s3_server
from index_snapshots.s3_access import S3Access, s3_access
from index_snapshots.s3_failures import MEANINGS
from index_snapshots.store_s3 import PART_BYTES, PARTS_MAX, Limits, S3Store, part_bytes
from index_snapshots.stores import ObjectMissing, open_store
from schemas.errors import SettingsError, Unavailable
from schemas.settings import ShardSettings
from tests.proxy import Fault, Proxy, proxy_before

KEYS = {"access_key_id": "no-key-id", "secret_access_key": "no-secret"}
QUICK = Limits(retries_max=2, retry_s=0.01, retry_s_max=0.02, retrying_s_max=5.0, goes_on_max=2)
LARGE = 2 * PART_BYTES + 5
AWS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_REGION")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    with s3_server(tmp_path_factory.mktemp("s3")) as one:
        yield one


@pytest.fixture
def proxy(server: S3Server) -> Iterator[Proxy]:
    with proxy_before(server.port) as one:
        yield one


@pytest.fixture
def prefix(tmp_path: Path) -> str:
    return tmp_path.name


def bucket(proxy: Proxy, prefix: str, limits: Limits = QUICK, name: str = "snapshots", **access: str) -> S3Store:
    return S3Store(name, prefix, S3Access(endpoint=proxy.endpoint, **(KEYS | access)), limits)


def blocks(size: int) -> Iterator[bytes]:
    for start in range(0, size, 1_000_000):
        yield bytes([start // 1_000_000]) * min(1_000_000, size - start)


def content(store: S3Store, name: str) -> bytes:
    return b"".join(store.get(name))


def test_large_objects_are_sent_in_parts(proxy: Proxy, prefix: str) -> None:
    store = bucket(proxy, prefix)
    for size, parts in ((PART_BYTES, 0), (PART_BYTES + 1, 2), (LARGE, 3)):
        proxy.asked.clear()
        store.put("one", blocks(size), size)
        assert sum("partNumber" in one.path for one in proxy.asked) == parts
        assert content(store, "one") == b"".join(blocks(size))


@pytest.mark.parametrize(
    ("size", "expected"), [(PART_BYTES * PARTS_MAX, PART_BYTES), (PART_BYTES * PARTS_MAX + 1, PART_BYTES + 1)]
)
def test_parts_grow_when_there_would_be_too_many(size: int, expected: int) -> None:
    assert part_bytes(size) == expected and -(-size // expected) <= PARTS_MAX


@pytest.mark.parametrize("kind", [{"status": 503}, {"cut_request": 100}, {"lost": True}])
@pytest.mark.parametrize("path", ["partNumber=2", "uploads="])
def test_a_request_that_fails_is_sent_again(proxy: Proxy, prefix: str, kind: dict[str, int], path: str) -> None:
    store = bucket(proxy, prefix)
    proxy.faults = [Fault("POST" if path == "uploads=" else "PUT", path, times=2, **kind)]  # type: ignore[arg-type]
    store.put("one", blocks(LARGE), LARGE)
    assert proxy.faults[0].times == 0 and content(store, "one") == b"".join(blocks(LARGE))


def test_after_so_many_failures_it_is_said(proxy: Proxy, prefix: str) -> None:
    store = bucket(proxy, prefix)
    proxy.faults = [Fault("PUT", times=QUICK.retries_max + 1, status=503, code="SlowDown")]
    with pytest.raises(Unavailable, match="asks to slow down") as raised:
        store.put("one", [b"1"], 1)
    assert "FRESHET_SNAPSHOT_STORE_MB_PER_S" in raised.value.hint
    assert store.names("") == [] and sum(one.method == "PUT" for one in proxy.asked) == QUICK.retries_max + 1
    store.put("one", [b"1"], 1)
    assert store.names("") == ["one"]


def test_an_upload_that_breaks_off_leaves_no_object(proxy: Proxy, prefix: str) -> None:
    store = bucket(proxy, prefix)
    proxy.faults = [Fault("PUT", "partNumber=2", times=99, cut_request=1_000)]
    with pytest.raises(Unavailable):
        store.put("one", blocks(LARGE), LARGE)
    assert store.names("") == [] and any(one.method == "DELETE" and "uploadId" in one.path for one in proxy.asked)


@pytest.mark.parametrize("cuts", [1, QUICK.goes_on_max, QUICK.goes_on_max + 1])
def test_a_download_that_is_cut_goes_on_where_it_was(proxy: Proxy, prefix: str, cuts: int) -> None:
    store = bucket(proxy, prefix, QUICK._replace(retries_max=0))
    store.put("one", blocks(LARGE), LARGE)
    proxy.faults = [Fault("GET", "one", cut_answer=PART_BYTES), Fault("GET", "one", times=cuts - 1, cut_answer=0)]
    if cuts > QUICK.goes_on_max:
        with pytest.raises(Unavailable):
            content(store, "one")
        return
    assert content(store, "one") == b"".join(blocks(LARGE))
    first, *more = [one.headers for one in proxy.asked if one.method == "GET" and one.path.endswith("/one")]
    assert "range" not in first and len(more) == cuts
    assert all(headers["range"].startswith("bytes=") and headers["if-match"] for headers in more)


def test_a_server_that_falls_silent_is_left(proxy: Proxy, prefix: str) -> None:
    silent = QUICK._replace(silence_s_max=0.2, send_s_max=0.2, retries_max=1)
    store = bucket(proxy, prefix, silent)
    for method, call in (("PUT", lambda: store.put("one", [b"1"], 1)), ("GET", lambda: content(store, "one"))):
        proxy.faults = [Fault(method, "one", times=9, hold_s=30.0)]
        with pytest.raises(Unavailable, match="does not answer in time"):
            call()


def test_what_is_slow_is_waited_for(proxy: Proxy, prefix: str) -> None:
    store = bucket(proxy, prefix, QUICK._replace(silence_s_max=0.5))
    store.put("one", blocks(1_000_000), 1_000_000)
    proxy.faults = [Fault("GET", "one", bytes_per_s=1_500_000)]
    assert content(store, "one") == b"".join(blocks(1_000_000))


def test_a_lost_answer_does_not_hide_who_put_it(proxy: Proxy, prefix: str) -> None:
    """The second try finds what the first has made: so the answer may be no, but nobody else's is replaced."""
    store = bucket(proxy, prefix)
    proxy.faults = [Fault("PUT", "one", lost=True)]
    store.put_new("one", b"mine")
    assert content(store, "one") == b"mine" and not store.put_new("one", b"other")
    puts = [one.headers for one in proxy.asked if one.method == "PUT"]
    assert puts and all(headers["if-none-match"] == "*" for headers in puts)


def test_a_store_that_knows_no_conditions_is_looked_at_first(proxy: Proxy, prefix: str) -> None:
    store = bucket(proxy, prefix)
    proxy.faults = [Fault("PUT", "one", times=9, status=501, code="NotImplemented")]

    class WithoutConditions(list[Fault]):
        def __iter__(self) -> Iterator[Fault]:
            asked = proxy.asked[-1]
            return iter([Fault(status=501, code="NotImplemented")] if "if-none-match" in asked.headers else [])

    proxy.faults = WithoutConditions()
    assert store.put_new("one", b"first") and not store.put_new("one", b"second")
    assert content(store, "one") == b"first"


def test_encryption_is_asked_for_with_each_object(proxy: Proxy, prefix: str) -> None:
    store = bucket(proxy, prefix, encryption="aws:kms", kms_key="the-key")
    store.put("small", [b"1"], 1)
    store.put("large", blocks(LARGE), LARGE)
    store.put_new("new", b"1")
    asked = [one.headers for one in proxy.asked if one.method == "PUT" or "uploads=" in one.path]
    making = [headers for headers, one in zip(asked, proxy.asked, strict=False) if "partNumber" not in one.path]
    assert len(making) >= 3
    for headers in making:
        assert headers["x-amz-server-side-encryption"] == "aws:kms"
        assert headers["x-amz-server-side-encryption-aws-kms-key-id"] == "the-key"


@pytest.mark.parametrize("encryption", ["", "AES256"])
def test_without_a_key_the_store_takes_its_own(proxy: Proxy, prefix: str, encryption: str) -> None:
    bucket(proxy, prefix, encryption=encryption).put("one", [b"1"], 1)
    assert proxy.asked[-1].headers.get("x-amz-server-side-encryption", "") == encryption
    assert not any("kms" in name for name in proxy.asked[-1].headers)


@pytest.mark.parametrize(
    ("status", "code", "says", "hint"),
    [
        (403, "AccessDenied", "denies access", "s3:PutObject"),
        (403, "InvalidAccessKeyId", "does not know these keys", "AWS_ACCESS_KEY_ID"),
        (403, "SignatureDoesNotMatch", "does not know these keys", "SECRET_ACCESS_KEY"),
        (403, "RequestTimeTooSkewed", "clocks here and there differ", "set the clock"),
        (400, "ExpiredToken", "credentials have expired", "renew"),
        (301, "PermanentRedirect", "another region", "FRESHET_SNAPSHOT_STORE_REGION"),
        (400, "KMS.DisabledException", "cannot use the encryption key", "kms:GenerateDataKey"),
        (403, "", "denies access", "s3:ListBucket"),
        (418, "Teapot", "Teapot", "tried again"),
    ],
)
def test_a_refusal_says_what_to_do_and_no_key(
    proxy: Proxy, prefix: str, status: int, code: str, says: str, hint: str
) -> None:
    store = bucket(proxy, prefix)
    calls: list[Callable[[], object]] = [
        lambda: store.names(""),
        lambda: store.put("one", [b"1"], 1),
        lambda: store.put("one", blocks(LARGE), LARGE),
        lambda: store.put_new("one", b"1"),
        lambda: content(store, "one"),
        lambda: store.remove("one"),
    ]
    for call in calls:
        proxy.faults = [Fault(times=99, status=status, code=code)]
        with pytest.raises(Unavailable, match=says) as raised:
            call()
        error = raised.value
        assert hint in error.hint and f"s3://snapshots/{prefix}" in error.message
        everything = f"{error!r} {error.hint} {error.__cause__!r} {error.__context__ if error.__cause__ else ''}"
        assert "no-key-id" not in everything and "no-secret" not in everything


def test_a_bucket_that_is_not_there(proxy: Proxy, prefix: str) -> None:
    store = bucket(proxy, prefix, name="nowhere")
    for call in (lambda: store.names(""), lambda: store.put("one", [b"1"], 1), lambda: content(store, "one")):
        with pytest.raises(Unavailable, match="has no such bucket") as raised:
            call()
        assert "create the bucket" in raised.value.hint


def test_a_server_that_is_not_there(server: S3Server) -> None:
    store = S3Store("snapshots", "", S3Access(endpoint="http://127.0.0.1:1", **KEYS), QUICK)
    with pytest.raises(Unavailable, match="cannot be reached") as raised:
        store.names("")
    assert "FRESHET_SNAPSHOT_STORE_ENDPOINT" in raised.value.hint
    with pytest.raises(Unavailable, match="cannot be reached"):
        content(store, "one")


def test_without_credentials(server: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in AWS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_METADATA_ENDPOINT", "http://127.0.0.1:1")  # no machine of a cloud
    store = S3Store("snapshots", "", S3Access(endpoint=server.endpoint), QUICK)
    with pytest.raises(Unavailable, match="gets no credentials") as raised:
        store.names("")
    assert "AWS_SECRET_ACCESS_KEY" in raised.value.hint


def test_the_usual_variables_are_taken(proxy: Proxy, prefix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in zip(AWS, ("from-variables", "secret", proxy.endpoint, "", "eu-north-1"), strict=True):
        monkeypatch.setenv(name, value)
    store = open_store(ShardSettings(snapshot_store=f"s3://snapshots/{prefix}/deeper"), os.environ)
    assert store.put_new("one", b"1") and store.names("") == ["one"]
    signed = proxy.asked[-1].headers["authorization"]
    assert "Credential=from-variables/" in signed and "/eu-north-1/s3/" in signed
    assert f"/snapshots/{prefix}/deeper/one" in [one.path for one in proxy.asked]


def test_settings_come_before_variables() -> None:
    settings = ShardSettings(snapshot_store_endpoint="https://one.example", snapshot_store_region="a")
    assert s3_access(settings, {"AWS_ENDPOINT_URL": "https://x.example", "AWS_REGION": "b"})[:2] == (
        "https://one.example",
        "a",
    )
    access = s3_access(ShardSettings(), {"AWS_ENDPOINT_URL": "http://x", "AWS_ENDPOINT_URL_S3": "http://y/"})
    assert access.endpoint == "http://y" and access.plain


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"snapshot_store_endpoint": "nonsense"}, "snapshot_store_endpoint"),
        ({"snapshot_store_endpoint": "ftp://host"}, "snapshot_store_endpoint"),
        ({"snapshot_store_kms_id": "a"}, "snapshot_store_kms_id"),
        ({"snapshot_store_kms_id": "a", "snapshot_store_encryption": "AES256"}, "snapshot_store_kms_id"),
        ({"snapshot_store": "s3://"}, "names no bucket"),
        ({"snapshot_store": "s3://key:secret@bucket/prefix"}, "names no bucket"),
        ({"snapshot_store_access_key_id": "only-half"}, "Missing SecretAccessKey"),
    ],
)
def test_settings_that_cannot_be_right(settings: dict[str, str], says: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY", raising=False)
    with pytest.raises(SettingsError, match=says) as raised:
        open_store(ShardSettings.model_validate({"snapshot_store": "s3://bucket/prefix"} | settings), {})
    assert "secret@" not in f"{raised.value!r}"


def test_keys_are_shown_nowhere() -> None:
    access = S3Access("http://x", access_key_id="AKIA1", secret_access_key="SECRET2", session_token="TOKEN3")
    settings = ShardSettings(
        snapshot_store_access_key_id="AKIA1",
        snapshot_store_secret_access_key="SECRET2",
        snapshot_store_session_token="TOKEN3",
    )
    for text in (repr(access), str(access), repr(settings)):
        assert not any(secret in text for secret in ("AKIA1", "SECRET2", "TOKEN3"))


def test_what_is_missing_is_told_from_what_fails(proxy: Proxy, prefix: str) -> None:
    store = bucket(proxy, prefix)
    with pytest.raises(ObjectMissing):
        content(store, "nothing")
    store.remove("nothing")
    assert all(known.what and known.hint for known in MEANINGS.values())
