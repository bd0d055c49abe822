"""The pictures of docs/screenshots, taken in Chromium of the demo while it moves: `make test ARGS="-m screenshots"`."""

import base64
import os
import signal
import struct
import subprocess
import sys
import time
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select

from freshet.demo.declared import FACETS
from tests.conftest import REPOSITORY
from tests.system.browser import PHONE, Browser, started
from tests.system.conftest import Stack, http
from tests.system.sending import Merchant
from tests.waiting import LIMIT_S, wait_until

pytestmark = [pytest.mark.screenshots, pytest.mark.timeout(600)]
FOLDER = REPOSITORY / "docs" / "screenshots"
BYTES_MAX = 200_000
WINDOW = (1280, 800)
PRODUCTS, LOADED_S = 2_000, 300.0
MOVES_S = 70.0
"""Until the figures of the last minute are those of the trickle, not of the import."""
SETTLES_S = 2.0


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    yield from started()


@pytest.fixture(scope="module")
def home(module_stack: Stack) -> Iterator[str]:
    """A shop with the whole demo, moving."""
    module_stack.environ["FRESHET_FACETS"] = ",".join(FACETS)
    module_stack.start_all()
    url = module_stack.url("serving", "")
    environ = {**os.environ, **module_stack.settings("serving")}
    command = [sys.executable, "-m", "freshet.demo", url]
    with subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as demo:
        wait_until(lambda: http("GET", url + "/v1/status")[1]["products"] >= PRODUCTS, LOADED_S, "the demo is loaded")
        time.sleep(MOVES_S)
        yield url + "/"
        demo.send_signal(signal.SIGTERM)


def smaller(png: bytes) -> bytes:
    """The same picture, deflated as well as it can be: the browser only deflates fast."""
    head, at, packed = png[:8], 8, b""
    kept: list[tuple[bytes, bytes]] = []
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        kind, data = png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        packed += data if kind == b"IDAT" else b""
        kept += [] if kind == b"IDAT" else [(kind, data)]
        at += 12 + length
    kept.insert(-1, (b"IDAT", zlib.compress(zlib.decompress(packed), 9)))
    return head + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in kept
    )


def picture(browser: Browser, name: str) -> None:
    time.sleep(SETTLES_S)
    taken = browser.driver.execute_cdp_cmd("Page.captureScreenshot", {"format": "png"})
    body = smaller(base64.b64decode(taken["data"]))
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / f"{name}.png").write_bytes(body)
    assert len(body) < BYTES_MAX, f"{name}.png has {len(body):,} bytes"


def filled(browser: Browser, address: str) -> None:
    browser.open(address)
    wait_until(lambda: browser.titles() and browser.texts("#changes li[data-event]"), LIMIT_S, "all is shown")


def test_desktop(browser: Browser, home: str) -> None:
    browser.size(*WINDOW)
    filled(browser, home)
    picture(browser, "desktop")


def test_dark(browser: Browser, home: str) -> None:
    browser.size(*WINDOW)
    browser.prefers(prefers_color_scheme="dark")
    filled(browser, home + "?q=something+warm+for+winter")
    picture(browser, "dark")
    browser.prefers(prefers_color_scheme="light")


def test_filters(browser: Browser, home: str) -> None:
    browser.size(*WINDOW)
    filled(browser, home + "?q=lihgt+for+the+desk&sort=price_asc")
    browser.wait("#meant", "Searched as", "what was searched instead")
    browser.click(".narrow")
    wait_until(lambda: browser.texts("#brands label"), LIMIT_S, "the counts are there")
    browser.click("#brands input")
    wait_until(lambda: browser.texts("#chosen button"), LIMIT_S, "a brand is chosen")
    picture(browser, "filters")


def test_a_change_and_its_clock(browser: Browser, home: str) -> None:
    browser.size(*WINDOW)
    filled(browser, home + "?q=desk+lamp")
    browser.click(".card a")
    browser.wait("#product[open] h3", "Change it", "the product is open")
    browser.type(".change [name=title]", ", new")
    browser.click(".change button")
    browser.wait(".journey[data-state=found] .verdict", "A search found it", "the clock has stopped")
    picture(browser, "change")


def followed(journey: str, events: int, over: bool) -> None:
    """Until so many events were received, and none of them waits for anything any more (`over`)."""

    def done() -> bool:
        told = http("GET", journey)[1]
        return len(told["events"]) == events and not (over and told["now"] == "waiting")

    wait_until(done, LIMIT_S, "its events are there")


LAMP = {"type": "upsert", "title": "Walnut reading lamp", "price": {"amount": 49, "currency": "EUR"}, "stock": 5}
STOCK = {"type": "patch", "stock": 3}
NOT_A_PRICE = {"type": "patch", "price": {"amount": -1, "currency": "EUR"}}


@pytest.mark.parametrize(
    ("name", "events", "without", "words", "said"),
    [
        ("fresh", (LAMP,), "", "", "It is shown as its newest event"),
        ("unchanged", (LAMP, LAMP), "", "", "It is shown as event"),
        ("dead-lettered", (LAMP, NOT_A_PRICE), "", "", "it was refused (invalid_field)"),
        ("superseded", (LAMP | {"version": 7}, STOCK | {"version": 6}), "", "", "It is shown as event"),
        ("deleted", (LAMP, {"type": "delete"}, STOCK), "", "", "It was deleted by event"),
        ("waiting", (LAMP,), "embed", "", "On its way"),
        ("hidden", (LAMP, STOCK | {"stock": 0}), "", "walnut reading lamp under 20", "not in stock"),
        ("nobody", (LAMP,), "shard", "", "Nobody answers"),
    ],
)
def test_journeys(
    browser: Browser, module_stack: Stack, home: str, name: str, events: tuple[dict[str, Any], ...],
    without: str, words: str, said: str,
) -> None:  # fmt: skip
    """What became of a product, with a process stopped (`without`), or in a search for `words`."""
    merchant, sku = Merchant(module_stack.kafka, module_stack.generation), f"walnut-lamp-{name}"
    journey = f"{home}v1/skus/{sku}/journey"
    if without:
        module_stack.send_signal(without, signal.SIGSTOP)
    for number, event in enumerate(events, 1):
        merchant.send(event | {"sku": sku})
        merchant.flush()
        followed(journey, number, over=not without)
    browser.size(1000, 720)
    browser.open(f"{home}why?{urlencode({'sku': sku, 'q': words})}")
    browser.wait(".verdict", said, "what became of it")
    picture(browser, f"journey-{name}")
    if without:
        module_stack.send_signal(without, signal.SIGCONT)


def test_why_in_a_search(browser: Browser, home: str) -> None:
    """The best product is sold out: where it stands now, and what would bring it back."""
    browser.size(*WINDOW)
    sku = http("POST", home + "v1/search", {"text": "desk lamp"})[1]["hits"][0]["sku"]
    assert http("PATCH", home + "v1/catalog/" + sku, {"stock": 0})[0] == 202
    asked = {"text": "desk lamp", "limit": 20, "explain": True, "explain_sku": sku}
    wait_until(
        lambda: http("POST", home + "v1/search", asked)[1]["explain"]["sku"].get("smallest_change"),
        LIMIT_S,
        "it is behind the others",
    )
    browser.open(home + "why?q=desk+lamp&sku=" + sku)
    browser.wait("section[aria-label='In a search']", "The smallest change", "what would help")
    picture(browser, "why-search")


def test_phone(browser: Browser, home: str) -> None:
    browser.size(*PHONE)
    filled(browser, home)
    picture(browser, "phone")
    browser.click("[data-to=live]")
    picture(browser, "phone-live")


@pytest.mark.parametrize(("size", "name"), [(WINDOW, "instantsearch"), (PHONE, "instantsearch-phone")])
def test_instantsearch(browser: Browser, home: str, size: tuple[int, int], name: str) -> None:
    browser.size(*size)
    browser.open(home + "instantsearch?query=lamp")
    wait_until(lambda: browser.texts("#hits mark"), LIMIT_S, "the hits are shown")
    picture(browser, name)


def opened(browser: Browser, address: str) -> None:
    browser.open(address)
    wait_until(browser.titles, LIMIT_S, "products are shown")


def test_shop(browser: Browser, home: str) -> None:
    browser.size(*WINDOW)
    opened(browser, home + "shop?category=Lighting&a.material=brass")
    wait_until(lambda: browser.texts("#price rect"), LIMIT_S, "the counts are there")
    picture(browser, "shop")


def test_shop_and_why(browser: Browser, home: str) -> None:
    browser.size(*WINDOW)
    opened(browser, home + "shop?q=wolen+blanket+under+100")
    browser.click("#why")
    browser.wait("#explain", "by words", "what is told")
    picture(browser, "shop-why")


def test_shop_in_the_dark_while_typing(browser: Browser, home: str) -> None:
    browser.size(*WINDOW)
    browser.prefers(prefers_color_scheme="dark")
    opened(browser, home + "shop")
    browser.type("#text", "desk la")
    browser.wait("#suggestions:not([hidden])", "lamp", "suggestions")
    picture(browser, "shop-dark")
    browser.prefers(prefers_color_scheme="light")


def test_a_product_of_the_shop(browser: Browser, home: str) -> None:
    browser.size(*WINDOW)
    opened(browser, home + "shop?q=weekend+bag")
    browser.click(".card a")
    wait_until(lambda: browser.texts(".similar li") and browser.texts(".variants button"), LIMIT_S, "all of it")
    picture(browser, "shop-product")


def test_shop_on_a_phone(browser: Browser, home: str) -> None:
    browser.size(360, 780)
    opened(browser, home + "shop?q=mug")
    picture(browser, "shop-phone")
    browser.click(".narrow")
    wait_until(lambda: browser.texts("#brands label"), LIMIT_S, "the counts are there")
    picture(browser, "shop-phone-filters")
    browser.click("#filters .close")
    browser.click(".card a")
    wait_until(lambda: browser.texts(".similar li"), LIMIT_S, "a product is open")
    picture(browser, "shop-phone-product")


def test_what_happened(browser: Browser, home: str) -> None:
    asked = ("wolen blanket", "desk lamp", "zephyrus quux", "weekend bag under 80", "something warm for winter")
    for text in asked * 8:
        assert http("POST", home + "v1/search", {"text": text, "explain": True})[0] == 200
        time.sleep(0.5)
    now = time.time()
    span = {"from": now - 75, "to": now, "begin": now - 15, "end": now}
    address = {name: datetime.fromtimestamp(at, UTC).isoformat().replace("+00:00", "Z") for name, at in span.items()}
    browser.size(1280, 1280)
    browser.open(f"{home}incident?{urlencode({**address, 'only': 'replayable'})}")
    browser.wait("#said", "The log holds answers since", "the timeline")
    browser.click("#answers-list li:nth-child(2) .button")
    browser.wait(".replayed h4", "Equal", "it is made again")
    Select(browser.driver.find_element(By.CSS_SELECTOR, ".instead select")).select_by_visible_text("mmr_lambda")
    browser.type(".instead input", "0.3" + Keys.ENTER)
    browser.wait(".replayed h4", "mmr_lambda", "what if")
    browser.run("document.activeElement.blur(); scrollTo(0, 0)")
    picture(browser, "incident")


def test_the_documents_show_them() -> None:
    shown = "".join(path.read_text(encoding="utf-8") for path in (REPOSITORY / "docs").glob("*.md"))
    assert [path.name for path in Path(FOLDER).glob("*.png") if f"screenshots/{path.name}" not in shown] == []
