"""Fetches the jars of Kafka named in kafka-jars.lock.toml, each verified against its SHA-256."""

import hashlib
import os
import tempfile
import time
import tomllib
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from schemas.errors import StateRefused, Unavailable

LOCK = "kafka-jars.lock.toml"
DOWNLOADS_AT_ONCE = 8
DOWNLOAD_TIMEOUT_S = 60


@dataclass(frozen=True)
class Jar:
    group: str
    artifact: str
    version: str
    sha256: str

    @property
    def file_name(self) -> str:
        return f"{self.artifact}-{self.version}.jar"


def locked_jars() -> tuple[Jar, ...]:
    """The whole class path of Kafka, from jgo's lock file beside this module."""
    lock = tomllib.loads(files("freshet.runtime").joinpath(LOCK).read_text(encoding="utf-8"))
    return tuple(
        Jar(found["groupId"], found["artifactId"], found["version"], found["sha256"]) for found in lock["dependencies"]
    )


def kafka_version() -> str:
    """Of the embedded Kafka."""
    return next(jar.version for jar in locked_jars() if jar.artifact.startswith("kafka_"))


def ensure_jars(cache: Path, maven_url: str, say: Callable[[str], None], jars: Iterable[Jar] | None = None) -> Path:
    """The folder of the verified jars below `cache`; fetches what is not there.

    `maven_url` is the repository, empty for the public one. Raises Unavailable when the repository does not answer,
    StateRefused when a jar is not the locked one.
    """
    wanted = tuple(jars) if jars is not None else locked_jars()
    folder = jars_folder(cache, wanted)
    missing = [jar for jar in wanted if sha256_of(folder / jar.file_name) != jar.sha256]  # 45 MB: 40 ms
    if not missing:
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    say(f"fetching {len(missing)} jars of Kafka into {folder}")
    began_s = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="fetch-", dir=folder.parent) as staging:
        fetch = _fetcher(Path(staging), maven_url)
        with ThreadPoolExecutor(DOWNLOADS_AT_ONCE) as pool:
            for jar, path in zip(missing, pool.map(fetch, missing), strict=True):
                verify(path, jar)
                os.replace(path, folder / jar.file_name)
    say(f"fetched and verified in {time.monotonic() - began_s:.1f} s")
    return folder


def jars_folder(cache: Path, jars: Iterable[Jar]) -> Path:
    """Where `ensure_jars` puts them; another set of jars has another folder."""
    return cache / "kafka" / _digest_of(jars)


def verify(path: Path, jar: Jar) -> None:
    """Raises StateRefused when the file is not the locked jar."""
    found = sha256_of(path)
    if found != jar.sha256:
        raise StateRefused(
            f"{jar.file_name} has SHA-256 {found}, the lock says {jar.sha256}",
            hint="the repository answered with something else; check FRESHET_MAVEN_URL or the proxy, then run again",
        )


def class_path(folder: Path) -> str:
    """Java's class path of the locked jars."""
    return os.pathsep.join(str(folder / jar.file_name) for jar in locked_jars())


def sha256_of(path: Path) -> str | None:
    """Hex digest; None when there is no such file."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return None


def _digest_of(jars: Iterable[Jar]) -> str:
    return hashlib.sha256("\n".join(sorted(jar.sha256 for jar in jars)).encode()).hexdigest()[:16]


def _fetcher(staging: Path, maven_url: str) -> Callable[[Jar], Path]:
    """Fetches one jar into `staging`. jgo knows mirrors by argument only and brings no certificates of the system."""
    import truststore

    truststore.inject_into_ssl()
    from jgo.constants import MAVEN_CENTRAL_URL
    from jgo.maven import MavenContext

    url = (maven_url or MAVEN_CENTRAL_URL).rstrip("/")
    context = MavenContext(repo_cache=staging, local_repos=[], remote_repos={"maven": url}, timeout=DOWNLOAD_TIMEOUT_S)

    def fetch(jar: Jar) -> Path:
        try:
            return context.project(jar.group, jar.artifact).at_version(jar.version).artifact().resolve()
        except (OSError, RuntimeError) as error:  # requests' errors are OSErrors
            raise Unavailable(
                f"cannot fetch {jar.file_name} from the Maven repository {url}: {error}",
                hint="check the network, or set FRESHET_MAVEN_URL to a repository you can reach",
            ) from error

    return fetch
