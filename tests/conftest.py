"""What all tests share: where optional real data lies."""

from pathlib import Path

import pytest
from hypothesis import settings

REPOSITORY = Path(__file__).resolve().parent.parent
DATA = REPOSITORY.parent / "shared" / "data"

settings.register_profile("freshet", deadline=None)  # a busy machine is no failure
settings.load_profile("freshet")


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Real catalogues and judged queries; they are not part of the project."""
    if not (DATA / "icecat" / "products.jsonl.gz").is_file():
        pytest.skip("the real data is not here (../shared/data beside the project)")
    return DATA
