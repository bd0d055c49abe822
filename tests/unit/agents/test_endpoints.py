"""Workers bind loopback, and other addresses only when that is allowed: checked before anything else is done."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from agents import wiring
from schemas.errors import SettingsError
from schemas.settings import CatalogSettings, EmbedSettings, ShardSettings


@pytest.mark.parametrize(
    ("run", "settings"),
    [
        (lambda settings: wiring.run_catalog(settings, {}), CatalogSettings(worker_host="0.0.0.0")),
        (lambda settings: wiring.run_embed(settings, {}), EmbedSettings(worker_host="0.0.0.0")),
        (lambda settings: wiring.run_shard(settings, {}), ShardSettings(shard_host="0.0.0.0")),
    ],
    ids=["catalog", "embed", "shard"],
)
async def test_a_worker_does_not_start_with_an_open_endpoint(
    run: Callable[[Any], Awaitable[None]], settings: Any
) -> None:
    with pytest.raises(SettingsError, match="not loopback"):
        await run(settings)
