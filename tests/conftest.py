"""What all tests share: where optional real data lies, and one built model bundle."""

from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
DATA = REPOSITORY.parent / "shared" / "data"


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Real catalogues and judged queries; they are not part of the project."""
    if not DATA.is_dir():
        pytest.skip(f"the real data is not here ({DATA})")
    return DATA
