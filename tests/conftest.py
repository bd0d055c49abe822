"""What all tests share: where optional real data lies."""

from pathlib import Path

import pytest
from hypothesis import settings

TESTS = Path(__file__).resolve().parent
REPOSITORY = TESTS.parent
DATA = REPOSITORY.parent / "shared" / "data"

SLOW_FIRST = ("drills", "system", "contract", "unit")
"""Folders by how long a file of them takes: the short ones at the end keep both cores busy until it comes."""

settings.register_profile("freshet", deadline=None)  # a busy machine is no failure
settings.load_profile("freshet")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: SLOW_FIRST.index(item.path.relative_to(TESTS).parts[0]))


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Real catalogues and judged queries; they are not part of the project."""
    if not (DATA / "icecat" / "products.jsonl.gz").is_file():
        pytest.skip("the real data is not here (../shared/data beside the project)")
    return DATA
