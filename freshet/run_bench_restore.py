"""What `freshet bench restore` does: with a Kafka of its own it stores a shard, starts it again, prints the figures."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.restore_run import RestorePlan, run_restore
from bench.workload import Workload
from freshet.exit_codes import OK
from freshet.printing import print_json, print_lines, say
from freshet.run_bench import row
from freshet.run_bench_embed import open_bundle
from freshet.run_bench_shard import folder_for_files
from freshet.runtime.kafka import EmbeddedKafka
from schemas.errors import SettingsError


def restore(rows: int, tail: int, store: str, smoke: bool, data: Path | None, as_json: bool) -> int:
    bundle = open_bundle(None)
    plan = RestorePlan(rows, bundle.manifest.dim, tail, store=store)
    if smoke:
        plan = RestorePlan(500, bundle.manifest.dim, 50, rounds=1, window_s=0.2, queries=50, store=store)
    try:
        Workload(plan.rows, plan.dim)
    except ValueError as error:
        raise SettingsError(str(error)) from None
    with tempfile.TemporaryDirectory(prefix="freshet-kafka-", dir=folder_for_files(data)) as folder:
        kafka = EmbeddedKafka(Path(folder))
        try:
            figures = run_restore(plan, kafka.start(), bundle.folder, bundle.manifest, say, folder_for_files(data))
        finally:
            kafka.stop()
    if as_json:
        print_json(figures)
    else:
        print_lines(restore_lines(figures))
    return OK


def restore_lines(figures: dict[str, Any]) -> Iterator[str]:
    machine = figures["machine"]
    yield (
        f"{figures['rows']:,} rows x {figures['dim']}, {figures['tail']:,} records after the snapshot; "
        f"{machine['cores']} cores, {machine['cpu']}; "
        f"load {figures['load_before'][0]} before, {figures['load_after'][0]} after"
    )
    yield row("start, s", ["ready", "fetch", "restore", "tail"])
    for name, words in (("starts", "from its folder"), ("starts_from_store", "from the store")):
        for one in figures[name]:
            yield row(f"  {words}", [one.get(step) for step in ("ready_s", "fetch_s", "restore_s", "tail_s")])
    yield row("snapshot", ["MB", "new MB", "copied", "write s", "sent MB", "send s"])
    for name in ("first", "second"):
        one = figures[name]
        values = [one[key] for key in ("mb", "new_mb", "copied_mb", "write_s", "sent_mb", "send_s")]
        yield row(f"  {name}", values)
    yield (
        f"second against first: {figures['second_snapshot_share']} of its bytes written; with the files that merges "
        f"wrote in between {figures['second_share_new']} new in the folder, {figures['second_share_sent']} sent"
    )
    p95, visible = figures["search_p95_ms"], figures["visible_ms"]
    yield (
        f"search p95 {p95['without']} ms, {p95['writing']} ms while snapshots are written "
        f"({figures['snapshot_search_p95_ratio']}x, {figures['snapshots_meanwhile']} snapshots)"
    )
    yield f"visible p95 {visible['without']['p95']} ms, {visible['writing']['p95']} ms while snapshots are written"
