"""Children keep bytecode also where Python is told to keep none, and then not beside the sources."""

import os
import subprocess
import sys
from pathlib import Path

from freshet.runtime.bytecode import with_bytecode


def test_what_is_kept_is_kept_in_the_cache(tmp_path: Path) -> None:
    (tmp_path / "told.py").touch()
    environ = {**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache"), "PYTHONDONTWRITEBYTECODE": "1"}
    environ.pop("PYTHONPYCACHEPREFIX", None)
    for given, kept in ((environ, 0), (with_bytecode(environ), 1)):
        subprocess.run([sys.executable, "-c", "import told"], cwd=tmp_path, env=given, check=True)
        assert len(list(tmp_path.rglob("told.*.pyc"))) == kept
    assert (tmp_path / "cache" / "freshet" / "bytecode").is_dir()


def test_what_is_said_about_it_stays() -> None:
    assert with_bytecode({"HOME": "/h"}) == {"HOME": "/h"}
    assert with_bytecode({"PYTHONDONTWRITEBYTECODE": "1", "PYTHONPYCACHEPREFIX": "/p"}) == {"PYTHONPYCACHEPREFIX": "/p"}
    assert with_bytecode({"PYTHONDONTWRITEBYTECODE": ""}) == {}
