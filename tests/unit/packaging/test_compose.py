"""docker-compose.yml: it fits the specification, its settings and commands exist, nothing is open by accident."""

import importlib.util
import json
import re
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml  # type: ignore[import-untyped]
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from freshet.cli import app
from schemas.errors import SettingsError
from schemas.settings import (
    CatalogSettings,
    EmbedSettings,
    ServingSettings,
    SessionSettings,
    Settings,
    ShardSettings,
    known_keys,
    read,
)
from serving.keys.opening import keys_required
from tests.compose import ours, read_compose, twice
from tests.conftest import REPOSITORY

COMPOSE = read_compose()
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = ours(COMPOSE)
WORKERS: dict[str, type[Settings]] = {
    "catalog": CatalogSettings,
    "embed": EmbedSettings,
    "shard": ShardSettings,
    "session": SessionSettings,
}
PINNED = re.compile(r"^[a-z/]+:\d+\.\d+\.\d+(-[a-z0-9.]+)*$")


def test_it_is_a_compose_file() -> None:
    schema = json.loads((Path(__file__).parent / "compose-spec.json").read_text())
    assert [error.message for error in Draft202012Validator(schema).iter_errors(COMPOSE)] == []


@pytest.mark.parametrize("name", SERVICES)
def test_images_are_pinned_logs_and_memory_are_bounded_and_a_profile_starts_it(name: str) -> None:
    service = SERVICES[name]
    assert PINNED.match(service["image"])
    assert set(service["profiles"]) <= {"demo", "production"} and service["profiles"]
    assert service["logging"]["options"].keys() == {"max-size", "max-file"}
    assert "mem_limit" in service or service["restart"] == "on-failure"


@pytest.mark.parametrize("name", OURS)
def test_our_settings_are_known(name: str) -> None:
    given = {key for key in OURS[name].get("environment", {}) if key.startswith("FRESHET_")}
    assert given <= {f"FRESHET_{key.upper()}" for key in known_keys()}


@pytest.mark.parametrize("name", OURS)
def test_our_commands_exist(name: str) -> None:
    command: list[str] = OURS[name].get("command") or ["python", "-P", "-m", "serving"]
    if command[0] == "freshet":
        group: Any = typer.main.get_command(app)
        for word in command[1:]:
            if word.startswith("-"):
                break
            group = group.commands[word]
        assert not hasattr(group, "commands")
    else:
        assert command[:3] == ["python", "-P", "-m"] and importlib.util.find_spec(command[3])
        assert command[3] in ("serving", "freshet.demo") or command[4] == name


@pytest.mark.parametrize("name", WORKERS)
def test_workers_can_be_reached_where_they_are_looked_for(name: str) -> None:
    environ = OURS[name]["environment"]
    settings = read(WORKERS[name], environ)
    port = getattr(settings, f"{name}_port")
    assert environ["HEALTH_URL"] == f"http://127.0.0.1:{port}/healthz"
    door = read(ServingSettings, OURS["serving"]["environment"])
    assert f"{name}=http://{name}:{port}" in door.processes
    if name == "shard":
        assert door.shards == [f"http://shard:{port}"]


def test_the_door_needs_a_key_in_production_and_has_one_in_the_demo() -> None:
    from schemas.settings import refuse_open_door

    environ = OURS["serving"]["environment"]
    with pytest.raises(SettingsError, match="no admin_key"):
        refuse_open_door(environ["FRESHET_HOST"], environ["FRESHET_ADMIN_KEY"])
    given = ours(read_compose({"FRESHET_ADMIN_KEY": "secret"}))
    assert given["serving"]["environment"]["FRESHET_ADMIN_KEY"] == "secret"
    assert OURS["serving-demo"]["environment"]["FRESHET_ADMIN_KEY"] == "demo"
    searching = {
        name: keys_required(read(ServingSettings, OURS[name]["environment"])) for name in ("serving", "serving-demo")
    }
    assert searching == {"serving": True, "serving-demo": False}


def test_only_the_door_and_kafka_are_published_and_only_on_loopback() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert set(published) == {"serving", "serving-demo", "kafka"}
    assert all(port.startswith("127.0.0.1:") for ports in published.values() for port in ports)


def test_what_must_outlive_a_container_is_in_a_volume() -> None:
    mounted = {name: service["volumes"] for name, service in SERVICES.items() if "volumes" in service}
    ours = {name: [f"{name}:/data"] for name in ("catalog", "shard", "serving")}
    assert mounted == {"kafka": ["kafka:/var/lib/kafka/data"], **ours}
    assert set(COMPOSE["volumes"]) == set(mounted)


@pytest.mark.parametrize("name", OURS)
def test_our_containers_may_not_do_more_than_they_need(name: str) -> None:
    service = OURS[name]
    assert service["read_only"] and service["cap_drop"] == ["ALL"] and "privileged" not in service
    writable = {"/data"} & ({each.split(":")[-1] for each in service.get("volumes", ())} | set(service["tmpfs"]))
    assert writable == {"/data"} and "/tmp" in service["tmpfs"]


def test_services_wait_for_services_that_their_profiles_start() -> None:
    for service in SERVICES.values():
        for awaited, how in service.get("depends_on", {}).items():
            assert set(service["profiles"]) <= set(SERVICES[awaited]["profiles"])
            steps = how["condition"] == "service_completed_successfully"
            assert steps == (SERVICES[awaited]["restart"] == "on-failure")


def dockerfile() -> str:
    return (REPOSITORY / "Dockerfile").read_text(encoding="utf-8")


def test_the_image_is_built_from_the_lock_and_runs_as_nobody_special() -> None:
    text = dockerfile()
    assert re.search(r"^ARG PYTHON_IMAGE=python:\d+\.\d+\.\d+-slim-\w+$", text, re.M)
    installs = re.findall(r"pip install ([^\n\\&]*)", text)
    assert all("--no-deps" in line for line in installs)
    assert all("--require-hashes" in line for line in installs if "-r" in line.split())
    last = text.split("\nFROM ")[-1]
    assert re.search(r"^USER 10001:10001$", last, re.M) and "pip install" not in last and "HEALTHCHECK" in last
    assert last.index("USER") < last.index("CMD")


def test_what_the_dockerfile_copies_is_sent_to_the_builder() -> None:
    sent = {line[1:] for line in (REPOSITORY / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    packages = {path.parent.name for path in REPOSITORY.glob("*/__init__.py")} - {"tests"}
    assert packages | {"lock/base.txt", "lock/build.txt", "pyproject.toml", "README.md", "LICENSE", "docs"} == sent
    assert all((REPOSITORY / name).exists() for name in sent)


def test_no_key_stands_twice() -> None:
    text = (REPOSITORY / "docker-compose.yml").read_text(encoding="utf-8")
    assert twice(yaml.compose(text)) == []
    assert twice(yaml.compose("a: {b: 1, b: 2}")) == ["b", "b"]
