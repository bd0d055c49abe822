"""The real model bundle, built once and kept between test runs; a damaged or older one is built again."""

from pathlib import Path

import pytest

from encoders import bundle as bundles
from encoders.build import repair_bundle

BUNDLE_FOLDER = Path(__file__).parents[2] / ".freshet" / "models" / "all-MiniLM-L6-v2"


@pytest.fixture(scope="session")
def bundle() -> bundles.Bundle:
    """The bundle of the default model, verified."""
    return bundles.load(repair_bundle(BUNDLE_FOLDER))
