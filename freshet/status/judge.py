"""What is not well, in words that say where to look. Pure."""

from freshet.alerts.thresholds import FREE_BYTES_MIN
from freshet.http_page import Page
from freshet.remedies import shard_name
from freshet.status.replicas import STORE_FAILS, WHAT_TO_DO, alone, damaged, differing, unstored
from freshet.status.report import DiskStatus, ProcessStatus, SnapshotStatus


def complaints(
    state: str,
    processes: list[ProcessStatus],
    tier: Page,
    kafka_up: bool | None,
    redis_up: bool | None,
    snapshots: list[SnapshotStatus],
    disk: DiskStatus | None,
    option: str = "",
) -> list[str]:
    """Most urgent first; none when all is well. `option`: --data as it must be typed behind a command, or nothing."""
    of_processes = _from_afar if state == "remote" else lambda process: _of_process(process, option)
    return [
        *_of_supervisor(state, processes, option),
        *(line for process in processes for line in of_processes(process)),
        *_of_tier(tier, processes, option),
        *([f"Kafka does not answer: nothing new is taken; see: freshet doctor{option}"] if kafka_up is False else []),
        *(["Redis does not answer: searches go on without what it holds"] if redis_up is False else []),
        *(
            f"the newest snapshot of {shard_name(one.partition, one.replica)} is damaged ({one.damaged}); "
            f"see: freshet doctor{option}"
            for one in snapshots
            if one.damaged
        ),
        *_of_disk(disk, option),
    ]


def _of_supervisor(state: str, processes: list[ProcessStatus], option: str) -> list[str]:
    if state in ("starting", "stopping"):
        return [f"the stack is {state}"]
    left = [process.name for process in processes if process.alive]
    if state in ("killed", "stopped") and left:
        return [f"the supervisor was killed and {', '.join(left)} still run; end them: freshet down{option}"]
    return []


def _from_afar(process: ProcessStatus) -> list[str]:
    """As the HTTP tier sees it; of Kafka, Redis and the tier itself other lines speak."""
    if process.answers is not False or process.name in ("kafka", "redis", "serving"):
        return []
    how = "does not run" if not process.alive else "is not ready"
    return [f"{process.name} {how}{f': {process.reason}' if process.reason else ''}; look on its machine"]


def _of_process(process: ProcessStatus, option: str) -> list[str]:
    if process.state in ("done", "waiting", "stopped"):
        return []
    log = f"see: freshet logs {process.name}{option}"
    if process.state == "backing off" or not process.alive:
        return [f"{process.name} does not run (restarted {process.restarts} times); {log}"]
    if process.answers is False:
        return [f"{process.name} is not ready{f': {process.reason}' if process.reason else ''}; {log}"]
    return []


def _of_tier(tier: Page, processes: list[ProcessStatus], option: str) -> list[str]:
    if tier.status == 0:
        asked = any(process.name == "serving" for process in processes)
        return [] if asked else ["the HTTP tier does not answer"]
    if tier.status == 401:
        return ["the HTTP tier wants the admin key: set FRESHET_ADMIN_KEY to see what it knows"]
    if tier.status != 200:
        return [f"the HTTP tier answers {tier.status} at /v1/status; see: freshet logs serving{option}"]
    waiting = [f"waits for {', '.join(tier.body['waiting_for'])}"] if tier.body.get("waiting_for") else []
    away = [f"shard replica {place} does not answer" for place in tier.body.get("unreachable", [])]
    faulty = (*damaged(tier.body, option), *alone(tier.body, option), *differing(tier.body))
    wrong = [f"{line}; {WHAT_TO_DO}" for line in faulty]
    wrong += [f"{line}; {STORE_FAILS}" for line in unstored(tier.body)]
    told = {process.name for process in processes if process.answers is False}
    return ([] if "serving" in told else [f"the HTTP tier {line}" for line in waiting]) + away + wrong


def _of_disk(disk: DiskStatus | None, option: str) -> list[str]:
    if disk is None or disk.free_bytes >= FREE_BYTES_MIN:
        return []
    return [f"only {disk.free_bytes / 1e6:,.0f} MB are free on the disk; see: freshet doctor{option}"]
