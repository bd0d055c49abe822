"""Kafka's jars: there, and each the one the lock file names."""

from dataclasses import dataclass
from pathlib import Path

from freshet.doctor.finding import Finding, ok, problem, warning
from freshet.doctor.place import Place
from freshet.runtime.cache import cache_folder
from freshet.runtime.kafka_jars import jars_folder, kafka_version, locked_jars, sha256_of
from schemas.errors import FreshetError

NAME = "kafka jars"


@dataclass(frozen=True)
class JarFacts:
    needed: bool
    folder: Path = Path()
    wanted: int = 0
    missing: tuple[str, ...] = ()
    other: tuple[str, ...] = ()
    """Files that are not what the lock says."""
    error: str = ""


def examine(place: Place) -> list[Finding]:
    return judge(gather(place))


def gather(place: Place) -> JarFacts:
    if not place.own_kafka:
        return JarFacts(needed=False)
    jars = locked_jars()
    try:
        folder = jars_folder(cache_folder(place.environ), jars)
        digests = {jar: sha256_of(folder / jar.file_name) for jar in jars}
    except (OSError, FreshetError) as error:
        return JarFacts(needed=True, error=str(error))
    return JarFacts(
        needed=True,
        folder=folder,
        wanted=len(jars),
        missing=tuple(jar.file_name for jar, digest in digests.items() if digest is None),
        other=tuple(jar.file_name for jar, digest in digests.items() if digest not in (None, jar.sha256)),
    )


def judge(facts: JarFacts) -> list[Finding]:
    if not facts.needed:
        return [ok(NAME, "not needed: FRESHET_KAFKA names a Kafka of your own")]
    if facts.error:
        return [
            problem(NAME, f"cannot be read: {facts.error}", "make the cache folder readable, or set XDG_CACHE_HOME")
        ]
    found = []
    if facts.other:
        says = f"{len(facts.other)} of {facts.wanted} are damaged, {facts.other[0]} first, in {facts.folder}"
        found.append(warning(NAME, says, "the next freshet up fetches them again"))
    if facts.missing:
        says = f"{len(facts.missing)} of {facts.wanted} are not in {facts.folder} yet"
        found.append(warning(NAME, says, "freshet up fetches them; it needs the network or FRESHET_MAVEN_URL"))
    return found or [ok(NAME, f"all {facts.wanted} of Kafka {kafka_version()} are as locked")]
