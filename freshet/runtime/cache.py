"""Where downloads live: outside every data folder, so that a second stack fetches nothing again."""

import os
import pwd
from collections.abc import Mapping
from pathlib import Path


def cache_folder(environ: Mapping[str, str]) -> Path:
    """$XDG_CACHE_HOME/freshet, else ~/.cache/freshet; an unset or empty HOME falls back to the password file's."""
    given = Path(environ.get("XDG_CACHE_HOME", ""))
    if given.is_absolute():  # the XDG specification says to ignore relative paths
        return given / "freshet"
    home = environ.get("HOME") or pwd.getpwuid(os.getuid()).pw_dir
    return Path(home) / ".cache" / "freshet"
