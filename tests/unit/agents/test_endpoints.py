"""Workers bind loopback, and other addresses only when that is allowed: checked before anything else is done."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from agents.wiring.catalog import run_catalog
from agents.wiring.embed import run_embed
from agents.wiring.shard import run_shard
from schemas.errors import SettingsError
from schemas.settings import CatalogSettings, EmbedSettings, ShardSettings


@pytest.mark.parametrize(
    ("run", "settings"),
    [
        (run_catalog, CatalogSettings(worker_host="0.0.0.0")),
        (run_embed, EmbedSettings(worker_host="0.0.0.0")),
        (run_shard, ShardSettings(shard_host="0.0.0.0")),
    ],
    ids=["catalog", "embed", "shard"],
)
async def test_a_worker_does_not_start_with_an_open_endpoint(
    run: Callable[[Any, Any], Awaitable[None]], settings: Any
) -> None:
    with pytest.raises(SettingsError, match="not loopback"):
        await run(settings, {})
