"""One real stack, as `freshet up` runs it, for the drills."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from encoders.build import repair_bundle
from freshet.drills.up_stack import UpStack
from tests.contract.conftest import BUNDLE_FOLDER


@pytest.fixture
def up(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[UpStack]:
    """Started with as many partitions as the test's parameter says (one by default)."""
    made = UpStack(tmp_path / "data", repair_bundle(BUNDLE_FOLDER), getattr(request, "param", 1))
    try:
        yield made
    finally:
        made.stop()
