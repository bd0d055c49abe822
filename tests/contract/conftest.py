"""The real parts: the model bundle, kept between test runs (a damaged or older one is built again); a Redis a file."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from encoders import bundle as bundles
from encoders.build import repair_bundle
from freshet.runtime.redis_server import EmbeddedRedis

BUNDLE_FOLDER = Path(__file__).parents[2] / ".freshet" / "models" / "all-MiniLM-L6-v2"


@pytest.fixture(scope="session")
def bundle() -> bundles.Bundle:
    """The bundle of the default model, verified."""
    return bundles.load(repair_bundle(BUNDLE_FOLDER))


@pytest.fixture(scope="module")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    server = EmbeddedRedis(tmp_path_factory.mktemp("redis"))
    yield server.start()
    server.stop()
