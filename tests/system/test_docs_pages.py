"""`/docs` in a real Chromium: fits a phone, works by keyboard, in light and dark, and asks nobody else."""

from collections.abc import Iterator

import pytest
from selenium.webdriver.common.keys import Keys

from serving.reference.guides import docs_folder, read_guides
from serving.reference.layout import address
from tests.system.browser import DESKTOP, Browser, started
from tests.system.conftest import Stack, http
from tests.waiting import LIMIT_S, wait_until

PATHS = [address(guide) for guide in read_guides(docs_folder()).values()]
NARROW = (320, 700)
"""WCAG 2.2, 1.4.10: no scrolling in two directions at this width."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    yield from started()


@pytest.fixture(scope="module")
def tier(module_stack: Stack) -> str:
    """The query tier alone: the documents need nothing else."""
    module_stack.launch("serving")
    wait_until(lambda: http("GET", module_stack.url("serving", "/healthz"))[0] == 200, LIMIT_S, "the tier lives")
    return module_stack.url("serving", "")


def test_nothing_sticks_out_and_nobody_else_is_asked(browser: Browser, tier: str) -> None:
    for path in PATHS:
        browser.driver.get(tier + path)
        for size in (DESKTOP, NARROW):
            browser.size(*size)
            assert browser.run("return document.documentElement.scrollWidth - innerWidth") <= 0, (path, size)
        assert browser.hosts() <= {tier.removeprefix("http://")}
    assert browser.complaints() == []


def test_the_keyboard_reaches_the_document_and_what_scrolls(browser: Browser, tier: str) -> None:
    browser.size(*DESKTOP)
    browser.open(f"{tier}/docs/events")
    browser.run("document.body.focus()")
    browser.press(Keys.TAB)
    assert browser.focused() == "Skip to the document"
    browser.press(Keys.ENTER)
    assert browser.run("return document.activeElement.id") == "document"
    unreachable = browser.run(
        "return [...document.querySelectorAll('main *')].filter((one) => one.scrollWidth > one.clientWidth + 1 "
        "&& getComputedStyle(one).overflowX === 'auto' && one.tabIndex < 0).length"
    )
    assert unreachable == 0


def test_an_operation_has_an_address_of_its_own(browser: Browser, tier: str) -> None:
    browser.open(f"{tier}/docs/api#post-v1search")
    top = browser.run("return document.getElementById('post-v1search').getBoundingClientRect().top")
    assert 0 <= top < 200


def test_light_and_dark_follow_the_system(browser: Browser, tier: str) -> None:
    browser.open(f"{tier}/docs")
    seen = []
    for scheme in ("light", "dark"):
        browser.prefers(prefers_color_scheme=scheme)
        seen.append(browser.run("return getComputedStyle(document.body).backgroundColor"))
    assert seen == ["rgb(255, 255, 255)", "rgb(20, 23, 26)"]
