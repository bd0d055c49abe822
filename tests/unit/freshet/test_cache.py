"""Downloads live outside the data folder, also where HOME is empty."""

import os
import pwd
from pathlib import Path

import pytest

from freshet.runtime.cache import cache_folder

OWN_HOME = Path(pwd.getpwuid(os.getuid()).pw_dir)


@pytest.mark.parametrize(
    ("environ", "folder"),
    [
        ({"HOME": "/home/anna"}, Path("/home/anna/.cache/freshet")),
        ({"HOME": "/home/anna", "XDG_CACHE_HOME": "/var/cache"}, Path("/var/cache/freshet")),
        ({"HOME": "/home/anna", "XDG_CACHE_HOME": "relative"}, Path("/home/anna/.cache/freshet")),
        ({"HOME": ""}, OWN_HOME / ".cache" / "freshet"),
        ({}, OWN_HOME / ".cache" / "freshet"),
    ],
)
def test_where_the_cache_is(environ: dict[str, str], folder: Path) -> None:
    assert cache_folder(environ) == folder
