"""The page: one file, nothing from elsewhere, and only its own script runs."""

import base64
import hashlib
import re

from serving.routes.pages import page_policy, read_page
from tests.unit.serving.fakes import Tier


async def test_the_page_is_served_with_a_policy_that_allows_exactly_its_own_script() -> None:
    async with Tier() as tier:
        response = await tier.client.get("/")
        assert (response.status, response.content_type) == (200, "text/html")
        text, policy = await response.text(), response.headers["Content-Security-Policy"]
        [script] = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
        [style] = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
        for inline in (script, style):
            assert base64.b64encode(hashlib.sha256(inline.encode()).digest()).decode() in policy
        assert "unsafe" not in policy


def test_a_changed_script_needs_another_policy() -> None:
    page = read_page()
    assert page_policy(page) != page_policy(page.replace("search();", "searched();"))


def test_nothing_is_loaded_from_elsewhere_and_nothing_is_put_in_as_markup() -> None:
    page = read_page()
    assert not re.search(r"https?://|\bsrc=|@import|url\(", page)
    assert not re.search(r"innerHTML|outerHTML|insertAdjacent|document\.write|\beval\b|\bon\w+=", page)
    assert 'style="' not in page


def test_it_can_be_used_without_seeing_it() -> None:
    page = read_page()
    assert '<html lang="en">' in page
    for wanted in ('role="status"', 'aria-live="polite"', 'for="text"', 'role="search"', "prefers-color-scheme: dark"):
        assert wanted in page
