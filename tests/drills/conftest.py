"""One real stack, as `freshet up` runs it, for the drills."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from encoders.build import repair_bundle
from freshet.drills.up_stack import UpStack
from tests.contract.conftest import BUNDLE_FOLDER
from tests.own_ports import remember_own_ports


@pytest.fixture
def up(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[UpStack]:
    """Started with as many partitions as the test's parameter says (one by default)."""
    remember_own_ports(tmp_path / "data")
    made = UpStack(tmp_path / "data", repair_bundle(BUNDLE_FOLDER), getattr(request, "param", 1))
    try:
        yield made
    finally:
        made.stop()
