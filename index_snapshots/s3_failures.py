"""What a bucket's refusal means, and what to do: from the codes of S3, never with what it echoes of a request."""

import re
from typing import Final, NamedTuple

from schemas.errors import Unavailable

CODE: Final = re.compile(r"<Code>([A-Za-z0-9.]{1,80})</Code>")
STATUS: Final = re.compile(r"status code: (\d{3})")
KIND: Final = re.compile(r"^ +kind: (Connect|Timeout)\b", re.MULTILINE)
REDIRECTED: Final = "redirect without LOCATION"
METADATA: Final = ("/latest/api/token", "/latest/meta-data/")
"""Where a client without keys asks the machine it runs on."""
NO_KEY: Final = "NoCredentials"
UNREACHABLE: Final = "Unreachable"
SILENT: Final = "Silent"
MISSING: Final = "NoSuchKey"
NO_CONDITIONS: Final = "NotImplemented"
PERMISSIONS: Final = "s3:ListBucket, s3:GetObject, s3:PutObject, s3:DeleteObject, s3:AbortMultipartUpload"


class Says(NamedTuple):
    what: str
    hint: str


WRONG_KEYS: Final = Says(
    "does not know these keys",
    "check FRESHET_SNAPSHOT_STORE_ACCESS_KEY_ID and ..._SECRET_ACCESS_KEY, or AWS_ACCESS_KEY_ID and ..._SECRET_...",
)
EXPIRED: Final = Says("says that the credentials have expired", "renew them and start the shards again")
OTHER_REGION: Final = Says(
    "says that the bucket lies in another region", "set FRESHET_SNAPSHOT_STORE_REGION to the bucket's region"
)
BUSY: Final = Says(
    "asks to slow down", "it is tried again by itself; if it goes on, lower FRESHET_SNAPSHOT_STORE_MB_PER_S"
)
KMS_KEY: Final = Says(
    "cannot use the encryption key",
    "check FRESHET_SNAPSHOT_STORE_KMS_ID, that the key is enabled and in the bucket's region, and that these "
    "credentials may kms:GenerateDataKey and kms:Decrypt",
)
MEANINGS: Final = {
    "NoSuchBucket": Says("has no such bucket", "create the bucket, or correct FRESHET_SNAPSHOT_STORE"),
    "AccessDenied": Says(
        "denies access", f"allow {PERMISSIONS} on it; with aws:kms also kms:GenerateDataKey and kms:Decrypt"
    ),
    "AllAccessDisabled": Says("is disabled", "ask who owns the account"),
    "InvalidAccessKeyId": WRONG_KEYS,
    "SignatureDoesNotMatch": WRONG_KEYS,
    "RequestTimeTooSkewed": Says(
        "refuses requests of this time: the clocks here and there differ by more than 15 minutes",
        "set the clock and keep it set: sudo timedatectl set-ntp true",
    ),
    "ExpiredToken": EXPIRED,
    "TokenRefreshRequired": EXPIRED,
    "InvalidToken": WRONG_KEYS,
    "PermanentRedirect": OTHER_REGION,
    "AuthorizationHeaderMalformed": OTHER_REGION,
    "IllegalLocationConstraintException": OTHER_REGION,
    "SlowDown": BUSY,
    "ServiceUnavailable": BUSY,
    "NotImplemented": Says(
        "does not know what was asked of it", "does it support FRESHET_SNAPSHOT_STORE_ENCRYPTION? else leave it empty"
    ),
    "QuotaExceeded": Says("is full", "make room, or keep fewer: freshet snapshot prune --store"),
    "XMinioStorageFull": Says("is full", "make room, or keep fewer: freshet snapshot prune --store"),
    NO_KEY: Says(
        "gets no credentials from here",
        "set FRESHET_SNAPSHOT_STORE_ACCESS_KEY_ID and ..._SECRET_ACCESS_KEY, or AWS_ACCESS_KEY_ID and "
        "AWS_SECRET_ACCESS_KEY, or give this machine or pod a role",
    ),
    UNREACHABLE: Says(
        "cannot be reached",
        "check FRESHET_SNAPSHOT_STORE_ENDPOINT (or AWS_ENDPOINT_URL), the network and the firewall",
    ),
    SILENT: Says("does not answer in time", "check the network and the load of the store; it is tried again by itself"),
}
BY_STATUS: Final = {
    "301": "PermanentRedirect",
    "401": "InvalidAccessKeyId",
    "403": "AccessDenied",
    "404": MISSING,
    "501": NO_CONDITIONS,
    "503": "SlowDown",
}
OTHERWISE: Final = "it is tried again by itself; look at the store's own log"


def reason(error: BaseException) -> str:
    """S3's code, or one of ours; empty when nothing is known."""
    text = str(error)
    if any(place in text for place in METADATA):
        return NO_KEY
    if found := CODE.search(text):
        return found[1]
    if found := STATUS.search(text):
        return BY_STATUS.get(found[1], f"status {found[1]}")
    if REDIRECTED in text:
        return BY_STATUS["301"]
    if found := KIND.search(text):
        return UNREACHABLE if found[1] == "Connect" else SILENT
    return UNREACHABLE if "HTTP error" in text else ""


def failure(error: BaseException, url: str) -> Unavailable:
    """In words. The error's own text is left out: it holds what the server echoes, an access key's id for one."""
    code = reason(error)
    known = KMS_KEY if code.startswith("KMS.") else MEANINGS.get(code)
    if known is None:
        return Unavailable(f"the snapshot store {url} fails: {code or type(error).__name__}", hint=OTHERWISE)
    return Unavailable(f"the snapshot store {url} {known.what} ({code})", hint=known.hint)
