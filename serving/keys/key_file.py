"""The file of keys: read whole, and changed by one process at a time, so that a reader never sees half of it."""

import fcntl
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from schemas.errors import SettingsError, StateRefused
from schemas.keys import KEY_FILE_BYTES_MAX, KeyFile
from schemas.settings import ServingSettings

NAME: Final = "keys.json"
MODE: Final = 0o600


def key_path(settings: ServingSettings) -> Path:
    return settings.keys or settings.data / NAME


def read_keys(path: Path) -> KeyFile:
    """No file: no keys. Raises SettingsError when it cannot be read or is damaged."""
    try:
        with path.open("rb") as file:
            text = file.read(KEY_FILE_BYTES_MAX + 1)
    except FileNotFoundError:
        return KeyFile()
    except OSError as error:
        raise SettingsError(f"the keys cannot be read: {error}", hint="see FRESHET_KEYS") from None
    try:
        return KeyFile.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"])) or "the whole file"
        raise SettingsError(
            f"the file of keys {path.name} is damaged, or of a newer version: {where}: {first['msg']}",
            hint="put a copy of it back, or move it away and make new keys",
        ) from None


def change_keys(path: Path, change: Callable[[KeyFile], KeyFile]) -> KeyFile:
    """What is stored now. Others wait meanwhile. Raises SettingsError, StateRefused when it cannot be written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with (path.parent / f"{path.name}.lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            changed = change(read_keys(path))
            _write(path, changed.model_dump_json(indent=1, exclude_defaults=True, by_alias=True).encode())
    except OSError as error:
        raise StateRefused(f"the keys cannot be stored: {error}", hint="see FRESHET_KEYS") from None
    return changed


def _write(path: Path, text: bytes) -> None:
    """Whole or not at all, readable by its owner only."""
    new = path.with_name(f"{path.name}.new")
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, MODE), "wb") as file:
        os.fchmod(file.fileno(), MODE)
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
