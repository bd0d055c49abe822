"""A whole import with its sync, into a shop in memory."""

import io
from pathlib import Path
from typing import Any, cast

import pytest
from aiohttp.test_utils import TestServer

from freshet import run_import
from freshet.http_door import HttpDoor
from freshet.imports.readers.jsonl import JsonLines
from freshet.imports.rejected import RejectedFile
from freshet.imports.report import exit_code
from freshet.progress import PlainLines
from freshet.run_import import ImportOptions
from freshet.target import Target
from schemas.records import OfferRecord, Order
from streams.reader import Reader
from streams.topics import Cluster
from tests.unit.tools.fake_shop import FakeShop

LINES = "".join(f'{{"sku":"s{number}","title":"Lamp"}}\n' for number in range(9))


class Meanwhile(FakeShop):
    """While the shop answers, somebody writes the file anew."""

    def __init__(self, file: Path, text: str) -> None:
        super().__init__()
        self.file = file
        self.text = text

    async def post(self, request: Any) -> Any:
        self.file.write_text(self.text)
        return await super().post(request)


async def imported(shop: FakeShop, file: Path, folder: Path) -> dict[str, Any]:
    order = Order(1, 0)
    await shop.log.send("offers", b"old", OfferRecord(sku="old", order=order, live_since=order).encode(), 0)
    await shop.log.send("catalog", b"old", b"{}", 0)
    options = ImportOptions(file, sync=True, force=True)
    async with TestServer(shop.app()) as server, HttpDoor(str(server.make_url("/"))) as door:
        target = Target(str(server.make_url("/")), "", "", 1, 1, folder, 20.0, {}, {})
        run = run_import._Run(options, JsonLines(file), None, RejectedFile(folder / "r"), target, target.url, folder)
        return await run._whole(cast(Reader, shop.log), door, PlainLines(io.StringIO()))


@pytest.mark.parametrize("text", [LINES, LINES[:40], LINES.replace("Lamp", "Desk lamp")])
async def test_a_file_that_changed_while_it_was_read_deletes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setattr(run_import, "describe_cluster", lambda kafka, generation: Cluster("c", {"catalog": "t"}))
    file = tmp_path / "p.jsonl"
    file.write_text(LINES)
    shop = FakeShop() if text == LINES else Meanwhile(file, text)
    result = await imported(shop, file, tmp_path)
    assert result["acknowledged"] == 9 and result["sync"]["missing"] == 1
    if text == LINES:
        assert (result["sync"]["deleted"], result["file_changed"], result["goes_on_at"]) == (1, False, None)
        return
    assert "it changed while it was read" in result["sync"]["refused"] and result["sync"]["deleted"] == 0
    assert (result["file_changed"], result["goes_on_at"]) == (True, 1)
    assert exit_code(result) == 1
