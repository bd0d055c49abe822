"""The keys in force: which one a text is, and what it may do now."""

import hmac
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Final, NamedTuple

from schemas.filters import Filters
from schemas.keys import StoredKey
from serving.keys.grant import ADMIN_KEY, EVERYTHING, NOBODY, SHOPPING, Grant
from serving.keys.minting import hash_of, id_in
from serving.keys.secured import Restrictions, parent_of, restrictions_in, unpacked
from serving.problems import Refusal

KEY_CHARS_MAX: Final = 4_000
"""A secured key holds its filters."""
DERIVED_KEPT_MAX: Final = 1_000
"""Secured keys that need not be checked against every key again."""


def only_json(text: str) -> Filters:
    """Where no other syntax is read."""
    return Filters.model_validate_json(text)


class Known(NamedTuple):
    """A key of the file, with what it allows."""

    stored: StoredKey
    grant: Grant


class Derived(NamedTuple):
    """A secured key that was found to be made with one of ours."""

    parent: str
    restrictions: Restrictions


class KeyRing:
    """`required`: nobody gets in without a key. `tenant_attribute` holds whose product it is."""

    def __init__(
        self,
        admin_key: str,
        required: bool,
        tenant_attribute: str,
        wall_ms: Callable[[], int],
        read_filters: Callable[[str], Filters] = only_json,
    ) -> None:
        self._admin_hash = hash_of(admin_key) if admin_key else ""
        self._required = required
        self._tenant_attribute = tenant_attribute
        self._wall_ms = wall_ms
        self._read_filters = read_filters
        self._by_id: dict[str, Known] = {}
        self._derived: OrderedDict[str, Derived] = OrderedDict()
        self.use(())

    def use(self, keys: Iterable[StoredKey]) -> None:
        """These, and no others any more."""
        self._by_id = {key.id: Known(key, self._grant(key)) for key in keys}
        self._derived.clear()
        writes = any({"ingest", "admin"} & set(known.stored.scopes) for known in self._by_id.values())
        locked = bool(self._admin_hash) or writes
        scopes = frozenset() if self._required else SHOPPING if locked else EVERYTHING
        self.nobody = Grant(NOBODY, scopes)
        """What one may do without a key. A key that may write locks the rest, also when it is not valid any more."""

    def __len__(self) -> int:
        return len(self._by_id)

    def find(self, text: str) -> Grant | None:
        """None: there is no such key. Raises Refusal for one that is not valid any more."""
        if len(text) > KEY_CHARS_MAX:
            return None
        digest = hash_of(text)
        if self._admin_hash and hmac.compare_digest(digest, self._admin_hash):
            return Grant(ADMIN_KEY, EVERYTHING)
        known = self._by_id.get(id_in(text) or "")
        if known is None:
            return self._of_secured(text, digest)
        if not hmac.compare_digest(digest, known.stored.sha256):
            return None
        self._refuse_ended(known.stored)
        return known.grant

    def _of_secured(self, text: str, digest: str) -> Grant | None:
        derived = self._derived.get(digest) or self._derive(text)
        if derived is None:
            return None
        self._derived[digest] = derived
        self._derived.move_to_end(digest)
        if len(self._derived) > DERIVED_KEPT_MAX:
            self._derived.popitem(last=False)
        stored, grant = self._by_id[derived.parent]
        self._refuse_ended(stored)
        filters, until_ms, indices, sources = derived.restrictions
        if until_ms is not None and until_ms <= self._wall_ms():
            raise Refusal(401, "key_expired", f"the secured key of {stored.id} has expired", hint="make another one")
        return replace(grant, forced=(*grant.forced, *filters), indices=indices, sources=sources)

    def _derive(self, text: str) -> Derived | None:
        secured = unpacked(text)
        parent = secured and parent_of(secured, (known.stored for known in self._by_id.values()))
        return Derived(parent.id, restrictions_in(secured.text, self._read_filters)) if secured and parent else None

    def _refuse_ended(self, key: StoredKey) -> None:
        if key.revoked_ms is not None:
            raise Refusal(401, "key_revoked", f"the key {key.id} was revoked", hint=ANOTHER)
        if key.expires_ms is not None and key.expires_ms <= self._wall_ms():
            raise Refusal(401, "key_expired", f"the key {key.id} has expired", hint=ANOTHER)

    def _grant(self, key: StoredKey) -> Grant:
        return Grant(key.id, frozenset(key.scopes), self._forced(key), key.rate_per_s, tuple(key.referers))

    def _forced(self, key: StoredKey) -> tuple[Filters, ...]:
        tenant = [Filters(attributes={self._tenant_attribute: [key.tenant]})] if key.tenant is not None else []
        return (*tenant, *([key.filters] if key.filters is not None else []))


ANOTHER: Final = "ask whoever runs this shop for another one: freshet keys create"
