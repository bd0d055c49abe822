"""`freshet demo`: what it tells a demo that runs already, what it refuses, and the catalogue as a file."""

import threading
import time
from pathlib import Path

import orjson
import pytest
from typer.testing import CliRunner

from freshet.cli import app
from freshet.demo.catalogue import assortment
from freshet.demo.watching import ENOUGH, watch
from freshet.demo.welcome import searchable_lines, try_lines
from freshet.demo.wishes import SPEED_MAX, Wishes
from freshet.exit_codes import OK, USAGE
from freshet.progress import Step
from freshet.run_demo import DemoOptions, attach
from freshet.target import Target, find_target
from schemas.errors import InvalidRequest
from tests.unit.freshet.demo.shop import FakeShop


def options(**given: object) -> DemoOptions:
    fields = {"speed": None, "reset": False, "detach": False, "port": None, "export": False, "url": "", "data": None}
    return DemoOptions(**{**fields, "as_json": False, **given})  # type: ignore[arg-type]


@pytest.fixture
def target() -> Target:
    return find_target("http://127.0.0.1:1", None, {})


def test_a_demo_that_runs_already_is_told_the_speed(
    target: Target, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wishes = Wishes(tmp_path)
    with wishes.held():
        assert attach(options(speed=3.0), target, wishes) == OK
        assert wishes.speed == 3
        assert attach(options(as_json=True), target, wishes) == OK
    assert orjson.loads(capsys.readouterr().out) == {"url": target.url, "speed": 3.0, "reset": False}


def test_a_reset_is_waited_for(target: Target, tmp_path: Path) -> None:
    wishes = Wishes(tmp_path)

    def does_it() -> None:
        while not wishes.reset:
            time.sleep(0.01)
        wishes.reset_done()

    with wishes.held():
        threading.Thread(target=does_it, daemon=True).start()
        assert attach(options(reset=True), target, wishes) == OK
    assert not wishes.reset


def test_detach_beside_a_stack_without_the_demo_is_refused(target: Target, tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match="--detach"):
        attach(options(detach=True), target, Wishes(tmp_path))


def test_the_catalogue_as_a_file() -> None:
    result = CliRunner().invoke(app, ["demo", "--export"])
    assert [orjson.loads(line) for line in result.stdout.splitlines()] == list(assortment().first.values())


@pytest.mark.parametrize(("speed", "code"), [("-0.1", USAGE), (f"{SPEED_MAX + 0.1}", USAGE)])
def test_speeds_outside_the_range_are_refused(speed: str, code: int) -> None:
    assert CliRunner().invoke(app, ["demo", "--speed", speed, "--export"]).exit_code == code
    for good in ("0", f"{SPEED_MAX:g}"):
        assert CliRunner().invoke(app, ["demo", "--speed", good, "--export"]).exit_code == OK


def test_what_is_said_names_the_folder_and_the_others() -> None:
    assert all("--data /srv/shop" in line for line in try_lines("freshet", " --data /srv/shop")[1:])
    (line,) = searchable_lines(2_000, 3, "http://shop", 2.0)
    assert "2,000" in line and "beside 3 others" in line and "speed 2" in line
    assert "beside" not in searchable_lines(2_000, 0, "http://shop", 0)[0]


async def test_loading_is_watched_until_it_is_there() -> None:
    shop, steps = FakeShop(), list[Step]()
    products = list(assortment().first.values())

    def show(step: Step, now_s: float) -> None:
        steps.append(step)
        shop.products = {one["sku"]: dict(one) for one in products[:ENOUGH]}

    shop.products = {one["sku"]: dict(one) for one in products[: ENOUGH - 1]}
    assert await watch(shop, show, time.monotonic) == ENOUGH
    assert [step.done for step in steps] == [ENOUGH - 1]


def test_make_up_runs_the_demo_the_first_time() -> None:
    makefile = Path(__file__).parents[4] / "Makefile"
    rule = makefile.read_text().split("\nup:")[1].split("\n\n")[0]
    assert "freshet up; else $(BIN)/freshet demo" in rule
