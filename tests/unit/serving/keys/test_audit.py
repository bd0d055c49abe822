"""Who changed what as an administrator is written down, by several at once, and never without end."""

import json
import threading
from pathlib import Path
from typing import Any

from serving.keys.audit import BYTES_MAX, Audit
from serving.keys.minting import new_key
from tests.unit.serving.fakes import Tier
from tests.unit.serving.test_access import stored


def lines(folder: Path, name: str = "audit.jsonl") -> list[dict[str, Any]]:
    path = folder / name
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


async def test_what_a_key_changed_over_a_route_of_administrators() -> None:
    admin, writer = new_key("adminkey"), new_key("writekey")
    async with Tier(keys_required="yes") as tier:
        tier.wiring.access.ring.use([stored(admin, "admin"), stored(writer, "ingest")])
        for key in (admin, writer):
            headers = {"X-Freshet-Key": key}
            await tier.client.get("/v1/status", headers=headers)
            await tier.client.delete("/v1/sessions/s-1", headers=headers)
            await tier.client.post("/v1/catalog", json={"type": "delete", "sku": "a"}, headers=headers)
        (told,) = lines(tier.wiring.settings.data)
        assert (told["action"], told["who"], told["method"], told["path"]) == (
            "request",
            "adminkey",
            "DELETE",
            "/v1/sessions/s-1",
        )
        assert (told["status"], told["at_ms"]) == (200, tier.wiring.wall_ms()) and told["request_id"]
        assert (tier.wiring.settings.data / "audit.jsonl").stat().st_mode & 0o777 == 0o600


def test_lines_of_several_are_whole(tmp_path: Path) -> None:
    audit = Audit(tmp_path, lambda: 1)

    def write(number: int) -> None:
        for _ in range(20):
            audit.write("test", f"who {number}", text="x" * 500)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(lines(tmp_path)) == 100


def test_it_is_moved_aside_when_it_is_full_and_the_one_before_goes(tmp_path: Path) -> None:
    first = len(json.dumps({"at_ms": 1, "action": "a", "who": "w"}, separators=(",", ":"))) + 1
    audit = Audit(tmp_path, lambda: 1, bytes_max=2 * first)
    counts = []
    for _ in range(7):
        audit.write("a", "w")
        counts.append((len(lines(tmp_path)), len(lines(tmp_path, "audit.1.jsonl"))))
    assert counts == [(1, 0), (2, 0), (0, 3), (1, 3), (2, 3), (0, 3), (1, 3)]
    assert BYTES_MAX == 10_000_000  # as docs/keys.md says
