"""What `freshet keys` does: the file of keys is changed, the audit log hears of it, the key itself is shown once."""

import getpass
import json
import os
import re
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

from pydantic import ValidationError

from freshet.exit_codes import OK
from freshet.filter_options import json_filters
from freshet.printing import print_json, print_lines, say
from freshet.running import data_folder
from schemas.errors import InvalidRequest
from schemas.facets import parse_facets
from schemas.keys import KEYS_MAX, KeyFile, StoredKey
from schemas.settings import ServingSettings, as_environ, read
from serving.keys.audit import Audit
from serving.keys.key_file import change_keys, key_path, read_keys
from serving.keys.minting import hash_of, new_id, new_key

UNIT_S: Final = {"d": 86_400, "h": 3_600, "m": 60}
SPAN: Final = re.compile(r"([0-9]{1,6})([dhm])")


class Wanted(NamedTuple):
    """A key as it was asked for."""

    scopes: tuple[str, ...]
    name: str
    expires: str
    tenant: str
    filters: str
    rate_per_s: float | None
    referers: tuple[str, ...]


def create_key(wanted: Wanted, data: Path | None, as_json: bool) -> int:
    """Raises InvalidRequest for what cannot be given to a key."""
    settings, now_ms = _settings(data), _now_ms()
    made: list[tuple[StoredKey, str]] = []

    def with_one_more(file: KeyFile) -> KeyFile:
        made.append(_made(wanted, file, now_ms))
        _audit(settings, "key_created", made[-1][0])
        return _with(file, made[-1][0])

    change_keys(key_path(settings), with_one_more)
    (stored, text) = made[-1]
    if stored.tenant is not None and settings.tenant_attribute not in parse_facets(settings.facets):
        say(
            f"note: {settings.tenant_attribute} is not declared (FRESHET_FACETS={settings.tenant_attribute}:value): "
            "until it is, the key's searches are refused"
        )
    return _show(stored, text, as_json)


def rotate_key(key_id: str, keep: str, data: Path | None, as_json: bool) -> int:
    """Raises InvalidRequest when there is no such key, or it has ended."""
    settings, now_ms = _settings(data), _now_ms()
    end_ms = now_ms + _span_ms(keep, "--keep")
    made: list[tuple[StoredKey, str]] = []

    def rotated(file: KeyFile) -> KeyFile:
        old = _found(file, key_id)
        if state(old, now_ms) != "valid":
            raise InvalidRequest("key_ended", f"the key {key_id} is {state(old, now_ms)}: make a new one")
        fresh = new_id()
        text = new_key(fresh)
        anew = old.model_copy(update={"id": fresh, "sha256": hash_of(text), "created_ms": now_ms})
        made.append((anew, text))
        _audit(settings, "key_rotated", anew, instead_of=key_id, old_expires_ms=end_ms)
        ending = old.model_copy(update={"expires_ms": min(end_ms, old.expires_ms or end_ms)})
        return _with(_instead(file, ending), anew)

    change_keys(key_path(settings), rotated)
    stored, text = made[-1]
    say(f"the key {key_id} ends at {_time(end_ms)} at the latest; both are valid until then")
    return _show(stored, text, as_json)


def revoke_key(key_id: str, data: Path | None, as_json: bool) -> int:
    """A second time changes nothing. Raises InvalidRequest when there is no such key."""
    settings, now_ms = _settings(data), _now_ms()

    def revoked(file: KeyFile) -> KeyFile:
        old = _found(file, key_id)
        return file if old.revoked_ms is not None else _instead(file, old.model_copy(update={"revoked_ms": now_ms}))

    stored = _found(change_keys(key_path(settings), revoked), key_id)
    _audit(settings, "key_revoked", stored)
    if as_json:
        print_json(_told(stored, now_ms))
    else:
        say(f"the key {key_id} ({stored.name}) is revoked")
    return OK


def list_keys(data: Path | None, as_json: bool) -> int:
    keys, now_ms = read_keys(key_path(_settings(data))).keys, _now_ms()
    if as_json:
        print_json([_told(key, now_ms) for key in keys])
    else:
        print_lines(_table(keys, now_ms) if keys else ["there are no keys: freshet keys create"])
    return OK


def state(key: StoredKey, now_ms: int) -> str:
    if key.revoked_ms is not None:
        return "revoked"
    return "expired" if key.expires_ms is not None and key.expires_ms <= now_ms else "valid"


def _made(wanted: Wanted, file: KeyFile, now_ms: int) -> tuple[StoredKey, str]:
    if len(file.keys) >= KEYS_MAX:
        raise InvalidRequest("too_many_keys", f"there are {KEYS_MAX} keys already", hint="take some out of the file")
    key_id = new_id()
    text = new_key(key_id)
    given = {
        "id": key_id,
        "name": wanted.name,
        "sha256": hash_of(text),
        "scopes": list(dict.fromkeys(wanted.scopes)),
        "created_ms": now_ms,
        "expires_ms": _end_ms(wanted.expires, now_ms) if wanted.expires else None,
        "tenant": wanted.tenant or None,
        "filters": json_filters(wanted.filters),
        "rate_per_s": wanted.rate_per_s,
        "referers": list(wanted.referers),
    }
    try:
        return StoredKey.model_validate_json(json.dumps(given)), text
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        what = ".".join(map(str, first["loc"]))
        said = first["msg"].removeprefix("Value error, ")
        raise InvalidRequest("invalid_key", f"{what}: {said}" if what else said, hint="docs/keys.md") from None


def _with(file: KeyFile, key: StoredKey) -> KeyFile:
    return file.model_copy(update={"keys": [*file.keys, key]})


def _instead(file: KeyFile, key: StoredKey) -> KeyFile:
    return file.model_copy(update={"keys": [key if one.id == key.id else one for one in file.keys]})


def _found(file: KeyFile, key_id: str) -> StoredKey:
    found = next((key for key in file.keys if key.id == key_id), None)
    if found is None:
        raise InvalidRequest("unknown_key", f"there is no key {key_id!r}", hint="freshet keys ls shows them")
    return found


def _end_ms(text: str, now_ms: int) -> int:
    if SPAN.fullmatch(text):
        return now_ms + _span_ms(text, "--expires")
    try:
        end = datetime.fromisoformat(text)
    except ValueError:
        raise _unreadable(text, "--expires") from None
    end_ms = int((end if end.tzinfo else end.replace(tzinfo=UTC)).timestamp() * 1000)
    if end_ms <= now_ms:
        raise InvalidRequest("invalid_key", f"--expires {text} is over already")
    return end_ms


def _span_ms(text: str, option: str) -> int:
    found = SPAN.fullmatch(text)
    if found is None:
        raise _unreadable(text, option)
    return int(found[1]) * UNIT_S[found[2]] * 1000


def _unreadable(text: str, option: str) -> InvalidRequest:
    return InvalidRequest("invalid_key", f"{option} {text!r} cannot be read", hint="write 90d, 12h, 30m or 2027-01-31")


def _show(stored: StoredKey, text: str, as_json: bool) -> int:
    if as_json:
        print_json({"key": text, **_told(stored, stored.created_ms)})
    else:
        print_lines([text])
        say(f"this is the only time that the key {stored.id} ({stored.name}) is shown")
    return OK


def _told(key: StoredKey, now_ms: int) -> dict[str, Any]:
    """All but its hash."""
    return {**key.model_dump(mode="json", exclude={"sha256"}, exclude_none=True), "state": state(key, now_ms)}


def _table(keys: Sequence[StoredKey], now_ms: int) -> Iterator[str]:
    yield f"{'id':8}  {'state':7}  {'scopes':20}  {'expires':16}  name"
    for key in keys:
        until = _time(key.expires_ms) if key.expires_ms is not None else "never"
        yield f"{key.id:8}  {state(key, now_ms):7}  {','.join(key.scopes):20}  {until:16}  {_words(key)}"


def _words(key: StoredKey) -> str:
    limits = [
        *([f"tenant {key.tenant}"] if key.tenant is not None else []),
        *(["filters"] if key.filters is not None else []),
        *([f"{key.rate_per_s:g}/s"] if key.rate_per_s is not None else []),
        *key.referers,
    ]
    return f"{key.name} ({', '.join(limits)})" if limits else key.name


def _time(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M")


def _settings(data: Path | None) -> ServingSettings:
    folder = data_folder(data, os.environ)
    return read(ServingSettings, {**os.environ, **as_environ({"data": folder})})


def _audit(settings: ServingSettings, action: str, key: StoredKey, **facts: Any) -> None:
    audit = Audit(settings.data, _now_ms)
    audit.write(action, f"user {getpass.getuser()}", key=_told(key, _now_ms()), **facts)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
