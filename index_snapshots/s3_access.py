"""How a bucket is reached: from settings, else from the variables that all tools for Amazon's clouds know."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

from schemas.errors import SettingsError
from schemas.settings import ShardSettings

ENDPOINTS: Final = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")
REGIONS: Final = ("AWS_REGION", "AWS_DEFAULT_REGION")


class S3Access(NamedTuple):
    """What is empty obstore takes from AWS_* variables, else from the role of the machine or pod."""

    endpoint: str = ""
    """URL of the server; empty: Amazon's."""
    region: str = ""
    access_key_id: str = ""
    secret_access_key: str = ""
    session_token: str = ""
    encryption: str = ""
    """How the store is to encrypt what it keeps; empty: as the bucket says."""
    kms_key: str = ""

    @property
    def plain(self) -> bool:
        """Without TLS."""
        return self.endpoint.startswith("http://")

    def options(self) -> dict[str, Any]:
        """As `obstore.store.S3Store` calls them."""
        named = {
            "aws_endpoint_url_s3": self.endpoint,  # beats all the variables
            "region": self.region,
            "access_key_id": self.access_key_id,
            "secret_access_key": self.secret_access_key,
            "session_token": self.session_token,
            "server_side_encryption": self.encryption,
            "sse_kms_key_id": self.kms_key,
        }
        return {name: value for name, value in named.items() if value}

    def __repr__(self) -> str:
        """No keys: they must reach no log."""
        return f"S3Access(endpoint={self.endpoint!r}, region={self.region!r}, encryption={self.encryption!r})"


def s3_access(settings: ShardSettings, environ: Mapping[str, str]) -> S3Access:
    """Raises SettingsError."""
    endpoint = settings.snapshot_store_endpoint or _first(environ, ENDPOINTS)
    if endpoint and (urlsplit(endpoint).scheme not in ("http", "https") or not urlsplit(endpoint).hostname):
        raise SettingsError(
            f"snapshot_store_endpoint {endpoint!r} is not the URL of a server",
            hint="http://host:port or https://host; empty for Amazon's own",
        )
    if settings.snapshot_store_kms_id and not settings.snapshot_store_encryption.startswith("aws:kms"):
        raise SettingsError(
            "snapshot_store_kms_id is set, but snapshot_store_encryption is not aws:kms",
            hint="FRESHET_SNAPSHOT_STORE_ENCRYPTION=aws:kms",
        )
    return S3Access(
        endpoint=endpoint.rstrip("/"),
        region=settings.snapshot_store_region or _first(environ, REGIONS),
        access_key_id=settings.snapshot_store_access_key_id,
        secret_access_key=settings.snapshot_store_secret_access_key,
        session_token=settings.snapshot_store_session_token,
        encryption=settings.snapshot_store_encryption,
        kms_key=settings.snapshot_store_kms_id,
    )


def _first(environ: Mapping[str, str], names: tuple[str, ...]) -> str:
    return next((environ[name] for name in names if environ.get(name)), "")
