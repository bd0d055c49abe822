"""The shop in one process."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.unit.replay.live_shop import Shop, shop_of, tier


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    async with tier() as running:
        made = shop_of(running, tmp_path / "live")
        yield made
        made.live.words.close()
