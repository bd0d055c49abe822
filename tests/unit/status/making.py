"""Small statuses to judge and to show."""

from typing import Any

from freshet.http_page import Page
from freshet.status.report import DiskStatus, ProcessStatus, SnapshotStatus, Status

WELL = Page(200, {"waiting_for": [], "unreachable": [], "kafka": True, "redis": True, "products": 3, "replicas": []})


def process(name: str = "catalog", **changed: Any) -> ProcessStatus:
    known = {"state": "ready", "pid": 7, "alive": True, "answers": True, "version": "1", "up_s": 5.0}
    return ProcessStatus.model_validate({"name": name, **known, **changed})


def snapshot(**changed: Any) -> SnapshotStatus:
    known = {"partition": 0, "file": "manifest-1.json", "written_ms": 1, "age_s": 60.0, "documents_offset": 9}
    return SnapshotStatus.model_validate({**known, "offers_offset": 8, "products": 3, "size_bytes": 2_000, **changed})


def disk(free_bytes: int) -> DiskStatus:
    return DiskStatus(used_bytes={"kafka": 1_000}, free_bytes=free_bytes, total_bytes=10**12)


def status(**changed: Any) -> Status:
    known: dict[str, Any] = {
        "running": True,
        "well": True,
        "complaints": [],
        "state": "ready",
        "version": "1",
        "url": "http://127.0.0.1:1",
        "kafka": "127.0.0.1:2",
        "redis_url": "redis://127.0.0.1:3/0",
        "data": "/srv/shop",
        "pid": 1,
        "kafka_up": True,
        "redis_up": True,
        "encoder": "mini",
        "children": [process()],
        "steps": [],
        "freshness": None,
        "counts": None,
        "dead_letters": None,
        "snapshots": [],
        "disk": None,
    }
    return Status.model_validate({**known, **changed})
