"""A real Chromium for the tests of the page, and what they ask of it again and again."""

import os
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from tests.waiting import LIMIT_S, wait_until

DESKTOP, PHONE = (1440, 900), (390, 844)
QUIET = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --disable-dev-shm-usage --hide-scrollbars --lang=en-GB"
)
SHIFTS = """
const done = arguments[0];
const observer = new PerformanceObserver(() => {});
observer.observe({type: "layout-shift", buffered: true});
setTimeout(() => done(observer.takeRecords().reduce((sum, one) => sum + (one.hadRecentInput ? 0 : one.value), 0)), 50);
"""


class Browser:
    """One window. `see` and `wait` fail the test after LIMIT_S."""

    def __init__(self, driver: webdriver.Chrome) -> None:
        self.driver = driver
        self.size(*DESKTOP)

    def size(self, width: int, height: int) -> None:
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)

    def prefers(self, **features: str) -> None:
        """Media features as the system states them: `prefers_color_scheme="dark"`."""
        stated = [{"name": name.replace("_", "-"), "value": value} for name, value in features.items()]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": stated})

    def open(self, url: str) -> None:
        """With nothing left of earlier visits."""
        self.driver.get(url)
        self.driver.execute_script("sessionStorage.clear(); localStorage.clear()")
        self.driver.get(url)

    def run(self, script: str, *arguments: Any) -> Any:
        return self.driver.execute_script(script, *arguments)

    def texts(self, selector: str) -> list[str]:
        found: list[str] = self.run(
            "return [...document.querySelectorAll(arguments[0])].map((one) => one.textContent)", selector
        )
        return found

    def titles(self) -> list[str]:
        return self.texts("#results h3")

    def text(self, selector: str) -> str:
        return " ".join(self.texts(selector))

    def wait(self, selector: str, holds: str, what: str) -> str:
        """The text of the elements once it holds these words."""
        found: str = wait_until(
            lambda: text if holds in (text := self.text(selector)) else "", LIMIT_S, f"{what}: {holds!r} in {selector}"
        )
        return found

    def see_titles(self, *titles: str) -> None:
        wait_until(lambda: self.titles()[: len(titles)] == list(titles), LIMIT_S, f"{titles} come first")

    def click(self, selector: str) -> None:
        self.driver.find_element(By.CSS_SELECTOR, selector).click()

    def type(self, selector: str, text: str, *, over: bool = False) -> None:
        field = self.driver.find_element(By.CSS_SELECTOR, selector)
        if over:
            field.send_keys(Keys.CONTROL, "a")
        field.send_keys(text)

    def press(self, *keys: str) -> None:
        """On whatever has the focus."""
        for key in keys:
            self.driver.switch_to.active_element.send_keys(key)

    def focused(self) -> str:
        text: str = self.run("return document.activeElement.textContent || document.activeElement.id")
        return text

    def address(self) -> str:
        return self.driver.current_url.partition("?")[2]

    def hosts(self) -> set[str]:
        """Everything that was asked for, by host."""
        names = self.run("return performance.getEntriesByType('resource').map((entry) => new URL(entry.name).host)")
        return set(names)

    def layout_shift(self) -> float:
        shift: float = self.driver.execute_async_script(SHIFTS)
        return shift

    def complaints(self) -> list[Any]:
        """What the console holds since it was asked last, without notes."""
        entries: list[dict[str, Any]] = self.driver.get_log("browser")  # type: ignore[no-untyped-call]
        return [entry for entry in entries if entry["level"] in ("SEVERE", "WARNING")]


def started() -> Iterator[Browser]:
    binary, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not binary or not driver:
        if os.environ.get("CI"):
            pytest.fail("chromium and chromedriver are missing; .ci/run installs them")
        pytest.skip("no chromium and chromedriver here (Debian: apt-get install chromium chromium-driver)")
    options = Options()
    options.binary_location = binary
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    for argument in QUIET.split():
        options.add_argument(argument)
    chrome = webdriver.Chrome(options, Service(driver))
    yield Browser(chrome)
    chrome.quit()
