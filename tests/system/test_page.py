"""The page at / in a real browser: search as one types, empty, error, and the live line."""

import os
import shutil
from collections.abc import Iterator

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By

from tests.system.conftest import Stack, http, wait_until

SHOWN_S = 15.0
QUIET = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --disable-dev-shm-usage --window-size=390,840"
)


@pytest.fixture(scope="module")
def browser() -> Iterator[webdriver.Chrome]:
    binary, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not binary or not driver:
        if os.environ.get("CI"):
            pytest.fail("chromium and chromedriver are missing; .ci/run installs them")
        pytest.skip("no chromium and chromedriver here (Debian: apt-get install chromium chromium-driver)")
    options = Options()
    options.binary_location = binary
    for argument in QUIET.split():
        options.add_argument(argument)
    started = webdriver.Chrome(options, Service(driver))
    yield started
    started.quit()


@pytest.fixture(scope="module")
def shop(module_stack: Stack) -> Stack:
    module_stack.start_all()
    products = [
        {"type": "upsert", "sku": "lamp", "title": "<b>Desk lamp</b>", "price": {"amount": 19.99, "currency": "EUR"}},
        {"type": "upsert", "sku": "mug", "title": "Coffee mug", "stock": 0},
    ]
    assert http("POST", module_stack.url("serving", "/v1/catalog"), {"events": products})[0] == 202
    url = module_stack.url("serving", "/v1/search")
    wait_until(lambda: http("POST", url, {})[1]["found"] == 2, SHOWN_S, "both products are searchable")
    return module_stack


def titles(browser: webdriver.Chrome) -> list[str]:
    script = "return [...document.querySelectorAll('#hits h2')].map((title) => title.textContent)"
    found: list[str] = browser.execute_script(script)
    return found


def test_it_shows_products_and_searches_as_one_types(browser: webdriver.Chrome, shop: Stack) -> None:
    browser.get(shop.url("serving", "/"))
    wait_until(lambda: len(titles(browser)) == 2, SHOWN_S, "both products are shown")
    browser.find_element(By.ID, "text").send_keys("something to drink from")
    wait_until(lambda: titles(browser)[:1] == ["Coffee mug"], SHOWN_S, "the mug comes first")
    assert "<b>Desk lamp</b>" in titles(browser)  # shown as text, never as markup


def test_the_live_line_fills(browser: webdriver.Chrome, shop: Stack) -> None:
    browser.get(shop.url("serving", "/"))
    wait_until(lambda: browser.find_element(By.ID, "waiting").text not in ("", "–"), SHOWN_S, "the lags are shown")


def test_nothing_is_asked_of_other_hosts_and_the_console_is_clean(browser: webdriver.Chrome, shop: Stack) -> None:
    browser.get(shop.url("serving", "/"))
    wait_until(lambda: titles(browser), SHOWN_S, "products are shown")
    script = "return performance.getEntriesByType('resource').map((entry) => new URL(entry.name).host)"
    assert set(browser.execute_script(script)) <= {f"127.0.0.1:{shop.ports['serving']}"}
    assert [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"] == []  # type: ignore[no-untyped-call]


def test_a_phone_needs_no_sideways_scrolling(browser: webdriver.Chrome, shop: Stack) -> None:
    browser.get(shop.url("serving", "/"))
    wait_until(lambda: titles(browser), SHOWN_S, "products are shown")
    assert browser.execute_script("return document.documentElement.scrollWidth <= window.innerWidth")


def test_without_the_tier_it_says_so(browser: webdriver.Chrome, shop: Stack) -> None:
    browser.get(shop.url("serving", "/"))
    wait_until(lambda: titles(browser), SHOWN_S, "products are shown")
    shop.kill("serving")
    browser.find_element(By.ID, "text").send_keys("lamp")
    wait_until(lambda: "bad" in (browser.find_element(By.ID, "said").get_attribute("class") or ""), SHOWN_S, "an error")
