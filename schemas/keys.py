"""Keys as they are stored: what each may do, until when and how often, and of the key itself only its hash."""

from typing import Annotated, Final, Literal, get_args

from pydantic import AfterValidator, Field, model_validator

from schemas.filters import Filters
from schemas.limits import FACET_TEXT_CHARS_MAX
from schemas.strict import Strict, name, printable

Scope = Literal["search", "events", "ingest", "admin"]
SCOPES: Final[tuple[Scope, ...]] = get_args(Scope)
"""`search`: ask for products; `events`: send what shoppers do; `ingest`: change the catalogue and see what became of
it; `admin`: all of it, and how the shop is."""

KEYS_MAX: Final = 500
"""Of one shop, those that were revoked counted: each is tried for a secured key, a millisecond in all."""
KEY_NAME_CHARS_MAX: Final = 100
KEY_RATE_PER_S_MAX: Final = 100_000
REFERERS_MAX: Final = 20
KEY_FILE_BYTES_MAX: Final = 5_000_000


def _origin(pattern: str) -> str:
    scheme, _, host = pattern.rpartition("://")
    if (
        scheme not in ("", "http", "https")
        or not host.removeprefix("*.")
        or set("/?# *") & set(host.removeprefix("*."))
    ):
        raise ValueError("is not like https://shop.example, shop.example or *.shop.example")
    return pattern.lower()


Referer = Annotated[str, Field(max_length=300), AfterValidator(_origin)]
"""A site: `https://shop.example`, `shop.example` or `*.shop.example`."""


class StoredKey(Strict):
    """One key. It is 256 random bits and shown once, when it is made."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9]{8}$")]
    """The part of it that may be told."""
    name: Annotated[str, Field(max_length=KEY_NAME_CHARS_MAX), AfterValidator(printable), AfterValidator(name)]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    """Of the whole key, in hex."""
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=len(SCOPES))]
    created_ms: int
    expires_ms: int | None = None
    revoked_ms: int | None = None
    tenant: Annotated[str, Field(min_length=1, max_length=FACET_TEXT_CHARS_MAX), AfterValidator(printable)] | None = (
        None
    )
    """Only products whose attribute FRESHET_TENANT_ATTRIBUTE has this value are seen."""
    filters: Filters | None = None
    """Only products that pass are seen."""
    rate_per_s: Annotated[float, Field(gt=0, le=KEY_RATE_PER_S_MAX)] | None = None
    """Requests a second, of each server process."""
    referers: Annotated[list[Referer], Field(max_length=REFERERS_MAX)] = []
    """Sites that may use it; empty: all. It keeps honest browsers to them, and nobody else."""

    @model_validator(mode="after")
    def _can_be_kept_to(self) -> "StoredKey":
        if self.filters is not None:
            Filters(all=[self.filters])  # so it will stand in each request: neither too deep nor too many
        if self.limited and set(self.scopes) & {"ingest", "admin"}:
            raise ValueError("a tenant or filters limit what is seen: they go with the scopes search and events alone")
        return self

    @property
    def limited(self) -> bool:
        """Whether there are products that it does not see."""
        return self.tenant is not None or self.filters is not None


class KeyFile(Strict):
    """All keys of a shop."""

    format: Literal[1] = 1
    keys: Annotated[list[StoredKey], Field(max_length=KEYS_MAX)] = []
