"""The page at / in a real browser: the shop, a product and its clock, what is happening, and what is said of faults.

One stack for all; the tests build on each other in the order of the file."""

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import orjson
import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select

from freshet.runtime.ports import free_port
from replay.bundles.opening import opened, unpack
from schemas.keys import KeyFile
from serving.keys.key_file import change_keys
from serving.keys.minting import new_key
from tests.system import storefront
from tests.system.browser import DESKTOP, PHONE, Browser, started
from tests.system.conftest import Stack, http
from tests.system.sending import Merchant
from tests.unit.docs.test_instantsearch_page import named, rows
from tests.unit.serving.keys.test_secured import secured
from tests.unit.serving.test_access import stored
from tests.waiting import LIMIT_S, wait_until

PICTURE = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg'/%3E"
HOSTILE = "<img src=x onerror='hacked=1'>"
PRODUCTS: list[dict[str, Any]] = [
    {
        "sku": "lamp",
        "title": "<b>Desk lamp</b>",
        "description": "A green light to read by in the evening.",
        "brand": "Lumen",
        "category": ["Home", "Lamps"],
        "price": {"amount": 19.99, "currency": "EUR"},
        "stock": 12,
        "image_urls": [PICTURE],
        "attributes": {"colour": "green", "watts": 8},
    },
    {"sku": "mug", "title": "Coffee mug", "brand": "Clay", "price": {"amount": 7.5, "currency": "EUR"}, "stock": 0},
    {
        "sku": "rug",
        "title": "Woollen rug",
        "image_urls": ["https://pictures.example/rug.png"],
        "url": "javascript:hacked=1",
        "attributes": {"colour": HOSTILE, "care": HOSTILE},
    },
    *(
        {"sku": sku, "title": title, "attributes": attributes}
        for sku, title, attributes in (
            ("dino", "Table light with a dinosaur for the children's room", {"colour": "green", "series": "animals"}),
            ("rocket", "Table light like a rocket for the children's room", {"colour": "red", "series": "animals"}),
            ("oak", "Table light of oak and linen", {"watts": 5}),
            ("banker", "Table light of brass with a green glass shade", {"watts": 40}),
        )
    ),
]
KAYAKS: list[dict[str, Any]] = [
    {
        "type": "upsert",
        "sku": sku,
        "title": title,
        "brand": brand,
        "category": ["Storefront", "Kayaks"],
        "price": {"amount": amount, "currency": "EUR"},
        "stock": 5,
    }
    for sku, title, brand, amount in (
        ("kayak-1", "River kayak", "Nordlicht", 400),
        ("kayak-2", "Sea kayak", "Fjord", 900),
        ("kayak-3", "Inflatable kayak", "Nordlicht", 150),
    )
]
"""As Algolia's own clients send them, which not every machine has."""
ALL = len(PRODUCTS)
A_PAGE = 24
"""Of the page at /instantsearch."""
SHIFT_MAX = 0.1
"""Cumulative layout shift: above it a page is no longer called good (web.dev)."""
KEY = "a-key-of-the-admin"


REFUSING = """
const real = fetch, [path, status] = arguments;
window.fetch = (asked, how) => asked.startsWith(path) ? Promise.resolve(Response.json({}, {status})) : real(asked, how);
"""
COUNTING = """
const real = fetch;
window.asked = 0;
window.fetch = (asked, how) => { window.asked += asked === "/v1/search"; return real(asked, how); };
"""
WITHOUT_MEANING = """
const real = fetch, later = new Promise((seen) => { window.seen = seen; });
window.fetch = async (asked, how) => {
  if (asked !== "/v1/search") return real(asked, how);
  window.fetch = async (...again) => { await later; return real(...again); };
  const answer = await (await real(asked, how)).json();
  return Response.json({...answer, hits: answer.hits.slice(0, 1), degraded: ["encode"]});
};
"""
MEANING_ELSE = """
const real = fetch, text = arguments[0];
window.fetch = async (asked, how) => {
  if (asked !== "/v1/search") return real(asked, how);
  window.fetch = real;
  return Response.json({...await (await real(asked, how)).json(), did_you_mean: {text, words: []}});
};
"""
ASKED = """
const real = fetch;
window.asked = [];
window.fetch = (path, how) => {
  if (path === "/v1/search") { const {text, typing} = JSON.parse(how.body); asked.push([text, typing]); }
  return real(path, how);
};
"""
AXE = """
const done = arguments[0], rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
axe.run({runOnly: rules}).then(({violations}) =>
  done(violations.map(({id, nodes}) => [id, ...nodes.map(({target, failureSummary}) => [target, failureSummary])])));
"""
CHOSEN = """
const field = document.getElementById("text");
const chosen = document.getElementById(field.getAttribute("aria-activedescendant"));
return [field.getAttribute("aria-expanded"), chosen?.getAttribute("aria-selected"), chosen?.textContent || ""];
"""
CLICK = "document.querySelector(arguments[0]).click()"
"""At once: what InstantSearch shows is drawn anew whenever something of it is told."""
TWO_PAGES = """
const real = fetch, hit = (sku) => ({sku, content: {title: sku}, offer: null, content_order: [1, 1]});
window.fetch = async (asked, how) => {
  if (asked !== "/v1/search") return real(asked, how);
  const {page, limit} = JSON.parse(how.body);
  const skus = page === 1 ? Array.from({length: limit}, (_, at) => `first-${at}`) : ["second-0"];
  return Response.json({request_id: `r${page}`, hits: skus.map(hit), found: limit + 1, took_ms: 1, degraded: []});
};
return import("/page/shop.js").then(async (shop) => {
  await shop.search();
  await shop.search({further: true});
  return [shop.originOf("first-1"), shop.originOf("second-0")];
});
"""

OTHERWISE = """
const real = fetch, asked = {at: "asked", then: {limit: 20}, now: {limit: 1}};
const differences = [asked, {at: "hits", then: ["a", "b"], now: ["b"]}];
const moves = {skus_then: ["a", "b"], skus_now: ["b"]};
window.fetch = async (path, how) => {
  if (!path.endsWith("/replay")) return real(path, how);
  window.fetch = real;
  return Response.json({verdict: "different", why: "", differences, ...moves, rebuilt: [], sku: null});
};
"""
"""Once; that the same comes of a real one is tested without a browser."""
COMPUTED = """
const done = arguments[0], part = (begin_ms, ...made_from) => (
  {begin_ms, end_ms: begin_ms + 1, searches: 10, made_from});
const files = [import("/page/timeline.js"), import("/page/replayed.js")];
Promise.all(files).then(([{roundAbove, pathOf, newcomers, leavers}, {moved, said}]) => done({
  round: [0.03, 1, 1.2, 42, 60, 0.5].map(roundAbove),
  path: pathOf([1, null, 0, 2, null], 2),
  new: newcomers([part(0), part(1, "a"), part(2, "a", "b"), part(3), part(4, "c", "a")]),
  left: leavers([part(0, "a"), part(1, "a", "b"), part(2, "b"), part(3), part(4, "c"), part(5, "d")]),
  moved: moved(["a", "b", "c"], ["b", "a", "d"]),
  said: ["near of partition 3, place 1", "hit 2", "query vector", "who knows"].map(said)}));
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    yield from started()


@pytest.fixture(autouse=True)
def as_usual(browser: Browser) -> None:
    """A desktop, light colours; and whatever the test before left in the console is no longer looked at."""
    browser.size(*DESKTOP)
    browser.prefers(prefers_color_scheme="light")
    browser.complaints()


@pytest.fixture(scope="module")
def shop(module_stack: Stack) -> Stack:
    module_stack.environ["FRESHET_FACETS"] = "colour:value,watts:number,series:value"
    module_stack.environ["FRESHET_INSTANTSEARCH_DISTINCT"] = "attributes.series"
    module_stack.start_all()
    return module_stack


@pytest.fixture
def home(shop: Stack) -> str:
    return shop.url("serving", "/")


@pytest.fixture
def store(shop: Stack) -> str:
    return shop.url("serving", "/shop")


def patch(shop: Stack, sku: str, **changes: Any) -> None:
    assert http("PATCH", shop.url("serving", f"/v1/catalog/{sku}"), changes)[0] == 202


def product(shop: Stack, sku: str) -> Any:
    return http("GET", shop.url("serving", f"/v1/skus/{sku}"))[1]["hit"]


def test_an_empty_shop_says_how_to_fill_it_and_fills_by_itself(browser: Browser, shop: Stack, home: str) -> None:
    browser.open(home)
    assert "freshet import" in browser.wait("#instead", "This shop is empty", "what to do")
    events = [{"type": "upsert", **one} for one in PRODUCTS]
    assert http("POST", shop.url("serving", "/v1/catalog"), {"events": events})[0] == 202
    wait_until(lambda: {"Coffee mug", "Woollen rug"} <= set(browser.titles()), LIMIT_S, "products are shown")
    browser.wait("#changes", "new product", "the feed tells of them")
    assert "<b>Desk lamp</b>" in browser.titles()  # shown as text, never as markup


def test_it_searches_as_one_types_and_the_address_follows(browser: Browser, store: str) -> None:
    browser.open(store)
    wait_until(lambda: len(browser.titles()) == ALL, LIMIT_S, "all products are shown")
    browser.type("#text", "something to drink from")
    browser.see_titles("Coffee mug")
    assert browser.address() == "q=something+to+drink+from"
    browser.type("#text", "a light to read by", over=True)
    browser.press(Keys.ENTER)
    browser.see_titles("<b>Desk lamp</b>")
    browser.driver.back()
    wait_until(lambda: browser.address() != "q=a+light+to+read+by", LIMIT_S, "the address goes back")
    browser.driver.get(store + "?q=soft+on+the+floor")
    browser.see_titles("Woollen rug")
    browser.wait("#said", f"Best {ALL} of {ALL} products", "how many")


def test_filters_stand_in_the_address_and_go_back(browser: Browser, store: str) -> None:
    browser.open(store)
    wait_until(lambda: len(browser.titles()) == ALL, LIMIT_S, "all products are shown")
    browser.click("#filters [name=stock]")
    browser.see_titles("<b>Desk lamp</b>")
    wait_until(lambda: len(browser.titles()) == 1, LIMIT_S, "only what is in stock")
    assert browser.address() == "stock=1"
    browser.type("[name=min]", "50\n")
    browser.wait("#said", "Nothing passes all filters: shown without the price", "nothing so dear")
    browser.driver.back()
    browser.see_titles("<b>Desk lamp</b>")
    browser.click("#clear")
    wait_until(lambda: len(browser.titles()) == ALL, LIMIT_S, "all products are shown again")


def test_facets_count_what_each_choice_would_leave_and_stand_in_the_address(browser: Browser, store: str) -> None:
    browser.open(store)
    wait_until(lambda: browser.texts("#brands label") == ["Clay1", "Lumen1"], LIMIT_S, "brands with their counts")
    wait_until(lambda: browser.text("#stock-count") == "1", LIMIT_S, "how many are in stock")
    browser.click("#brands [value=Clay]")
    wait_until(lambda: browser.titles() == ["Coffee mug"], LIMIT_S, "one brand")
    assert browser.address() == "brand=Clay" and browser.texts("#chosen button") == ["Clay"]
    assert browser.texts("#brands label") == ["Clay1", "Lumen1"], "the other one is what could be chosen too"
    wait_until(lambda: browser.text("#stock-count") == "", LIMIT_S, "a mug that is sold out")
    browser.click("#brands [value=Lumen]")
    wait_until(lambda: len(browser.titles()) == 2, LIMIT_S, "both brands")
    assert browser.address() == "brand=Clay&brand=Lumen"
    browser.driver.back()
    wait_until(lambda: browser.titles() == ["Coffee mug"], LIMIT_S, "one brand again")
    assert browser.run("return document.querySelector('#brands [value=Lumen]').checked") is False
    browser.type("#find-brand", "lum")
    wait_until(lambda: browser.texts("#brands label") == ["Lumen1"], LIMIT_S, "brands are searched")
    browser.click("#chosen button")
    wait_until(lambda: len(browser.titles()) == ALL, LIMIT_S, "no brand is chosen any more")
    browser.click("#categories .depth-1 input")
    wait_until(lambda: browser.titles() == ["<b>Desk lamp</b>"], LIMIT_S, "one category")
    browser.driver.refresh()
    wait_until(lambda: browser.texts("#chosen button") == ["Lamps"], LIMIT_S, "it stands in the address")
    assert browser.complaints() == []


def test_declared_attributes_are_facets_and_stand_in_the_address(browser: Browser, store: str) -> None:
    browser.open(store)
    wait_until(lambda: browser.texts("#attributes summary") == ["Colour", "Watts"], LIMIT_S, "what is declared")
    assert browser.texts("#attributes label") == ["green2", f"{HOSTILE}1", "red1"]  # as text, never as markup
    browser.click("#attributes [value=green]")
    wait_until(lambda: len(browser.titles()) == 2, LIMIT_S, "green ones")
    assert browser.address() == "a.colour=green"
    browser.type("#attributes .ends input", "6\n")
    wait_until(lambda: browser.titles() == ["<b>Desk lamp</b>"], LIMIT_S, "of at least so many watts")
    assert browser.texts("#chosen button") == ["green", "Watts from 6"]
    browser.driver.back()
    wait_until(lambda: len(browser.titles()) == 2, LIMIT_S, "only by colour again")
    browser.driver.get(store + "?n.watts=6..9")
    wait_until(lambda: browser.titles() == ["<b>Desk lamp</b>"], LIMIT_S, "the address is enough")
    browser.driver.get(store + "?a.nonsense=1")
    browser.wait("#instead", "That did not work", "an address that says nonsense")
    browser.click("#instead button")
    wait_until(lambda: len(browser.titles()) == ALL, LIMIT_S, "without it")


def test_the_price_is_narrowed_with_the_keyboard(browser: Browser, store: str) -> None:
    browser.open(store)
    wait_until(lambda: browser.texts("#price rect"), LIMIT_S, "how many products cost how much")
    browser.run("document.querySelector('#price .track input').focus()")
    browser.press(Keys.ARROW_RIGHT)
    wait_until(lambda: browser.titles() == ["<b>Desk lamp</b>"], LIMIT_S, "only the dearer one")
    assert browser.address() == "min=8&currency=EUR" and browser.texts("#chosen button") == ["from €8.00"]
    assert browser.run("return document.querySelector('#price .track input').ariaValueText") == "€8.00"
    browser.driver.back()
    wait_until(lambda: len(browser.titles()) == ALL, LIMIT_S, "all products are shown again")


def test_a_product_shows_its_variants_and_what_is_like_it(browser: Browser, store: str) -> None:
    browser.open(store + "?sku=dino")
    wait_until(lambda: browser.texts(".variants button") == ["green", "red"], LIMIT_S, "its variants")
    wait_until(lambda: len(browser.texts(".similar li")) == ALL - 2, LIMIT_S, "all others are like it, more or less")
    browser.click(".variants button:last-child")
    browser.wait("#product h2", "rocket", "the other one")
    assert browser.address() == "sku=rocket"
    browser.driver.back()
    browser.wait("#product h2", "dinosaur", "back again")
    browser.wait(".similar li:first-child", "Table light", "what is like it")
    browser.driver.get(store + "?sku=rug")
    browser.wait("#product dl", HOSTILE, "what it says of its care, as text")
    assert "javascript:hacked=1" in browser.text("#product dl")
    assert browser.run("return [window.hacked, document.querySelectorAll('img[src=x]').length]") == [None, 0]
    assert browser.complaints() == []


def test_a_drawer_says_why_products_stand_where_they_stand(browser: Browser, store: str) -> None:
    browser.open(store + "?q=cofee+mug+under+10")
    browser.see_titles("Coffee mug")
    browser.click("#why")
    told = browser.wait("#explain", "by words", "where they come from")
    assert "“cofee” was searched as “coffee”" in told and "price at most 10" in told and "shard-0" in told
    assert len(browser.texts(".scores li")) == len(browser.titles())
    browser.type("#text", "light", over=True)
    browser.wait(".scores", "Table light", "it follows the search")
    browser.click("#results .card:nth-child(2) a")
    browser.click("#product .buy .quiet")
    browser.wait(".scores .wanted", browser.titles()[1], "why this one is here")
    browser.press(Keys.ESCAPE)
    assert browser.focused() == "Why this order?" and browser.texts(".scores") == []
    assert browser.complaints() == []


def test_products_are_sorted_as_the_address_says(browser: Browser, store: str) -> None:
    browser.open(store)
    wait_until(lambda: len(browser.titles()) == ALL, LIMIT_S, "all products are shown")
    Select(browser.driver.find_element(By.NAME, "sort")).select_by_value("price_asc")
    wait_until(lambda: browser.titles()[:2] == ["Coffee mug", "<b>Desk lamp</b>"], LIMIT_S, "cheapest first")
    browser.wait("#said", f"{ALL} products, cheapest first", "the order")
    assert browser.address() == "sort=price_asc"
    Select(browser.driver.find_element(By.NAME, "sort")).select_by_value("price_desc")
    wait_until(lambda: browser.titles()[0] == "<b>Desk lamp</b>", LIMIT_S, "dearest first")
    browser.driver.back()
    wait_until(lambda: browser.titles()[0] == "Coffee mug", LIMIT_S, "cheapest first again")


def test_what_was_searched_instead_is_told_and_can_be_taken_back(browser: Browser, store: str) -> None:
    browser.open(store + "?q=cofee+mug")
    browser.wait("#meant", "Searched as “coffee mug”", "what was searched")
    browser.see_titles("Coffee mug")
    browser.click("#meant button")
    wait_until(lambda: browser.address() == "q=cofee+mug&exact=1", LIMIT_S, "as it was typed")
    wait_until(lambda: browser.texts("#meant:not([hidden])") == [], LIMIT_S, "nothing was searched instead")
    browser.driver.back()
    browser.wait("#meant", "Searched as", "put right again")
    browser.run(MEANING_ELSE, "mug")
    browser.run("document.getElementById('search').requestSubmit()")
    browser.wait("#meant", "Did you mean mug?", "what else may be meant")
    browser.click("#meant button:last-of-type")
    wait_until(lambda: browser.address() == "q=mug", LIMIT_S, "it is searched")


def test_the_keyboard_is_enough(browser: Browser, store: str) -> None:
    browser.open(store)
    wait_until(lambda: len(browser.titles()) == ALL, LIMIT_S, "all products are shown")
    browser.press("/")
    assert browser.focused() == "text"
    browser.press(*"mug")
    browser.see_titles("Coffee mug")
    browser.wait("#suggestions:not([hidden])", "Coffee mug", "what may be meant")
    browser.press(Keys.ESCAPE, Keys.ARROW_DOWN)
    assert "Coffee mug" in browser.focused()
    second = browser.titles()[1]
    browser.press(Keys.ARROW_RIGHT)
    assert second in browser.focused()
    browser.press(Keys.ARROW_LEFT, Keys.ENTER)
    browser.wait("#product[open] h2", "Coffee mug", "the product is open")
    assert "sku=mug" in browser.address()
    browser.press(Keys.ESCAPE)
    wait_until(lambda: not browser.texts("#product[open]"), LIMIT_S, "the product is closed")
    assert "Coffee mug" in browser.focused()
    wait_until(lambda: browser.address() == "q=mug", LIMIT_S, "the address is as before")
    browser.press(Keys.ARROW_UP)
    assert browser.focused() == "text"
    browser.press(Keys.ESCAPE)
    wait_until(lambda: browser.address() == "", LIMIT_S, "the field is empty")


def test_suggestions_while_typing(browser: Browser, store: str) -> None:
    browser.open(store)
    wait_until(lambda: len(browser.titles()) == ALL, LIMIT_S, "all products are shown")
    browser.run(ASKED)
    browser.type("#text", "lum")
    browser.wait("#suggestions:not([hidden])", "Lumen", "a brand")
    wait_until(lambda: browser.run("return asked.at(-1)") == ["lum", True], LIMIT_S, "it says that it is typing")
    browser.press(Keys.ARROW_DOWN)
    assert browser.run(CHOSEN) == ["true", "true", "<b>Desk lamp</b>"]
    browser.press(Keys.ARROW_DOWN)
    assert browser.run(CHOSEN) == ["true", "true", "Lumen1 product"]
    browser.press(Keys.ENTER)
    wait_until(lambda: browser.address() == "brand=Lumen", LIMIT_S, "the brand is filtered by")
    assert browser.run(CHOSEN) == ["false", None, ""] and browser.focused() == "text"
    browser.click("#clear")
    browser.type("#text", "cofee")
    browser.wait("#suggestions:not([hidden])", "Coffee mug", "with a slip")
    browser.click("#suggestions [role=option]")
    browser.wait("#product[open] h2", "Coffee mug", "the product is open")
    browser.press(Keys.ESCAPE)
    browser.type("#text", "coffee m", over=True)
    browser.press(Keys.ENTER)
    wait_until(lambda: browser.run("return asked.at(-1)") == ["coffee m", False], LIMIT_S, "it is finished")
    wait_until(lambda: browser.run(CHOSEN)[0] == "false", LIMIT_S, "nothing is suggested any more")
    assert browser.complaints() == []


def test_a_product_is_changed_and_found_while_a_clock_runs(browser: Browser, shop: Stack, home: str) -> None:
    browser.open(home + "?sku=lamp")
    assert "green" in browser.wait("#product dl", "Colour", "all fields")
    browser.type(".change [name=title]", "Reading lamp of brass", over=True)
    browser.type(".change [name=amount]", "17.5", over=True)
    browser.click(".change button")
    verdict = browser.wait(".journey[data-state=found] .verdict", "A search found it", "the clock has stopped")
    assert all(word in verdict for word in ("to decide", "to embed", "to apply"))
    assert browser.texts(".steps [data-done] b") == ["Received", "Decided", "Embedded", "Searchable", "Found"]
    hit = product(shop, "lamp")
    assert (hit["content"]["title"], hit["offer"]["price"]["amount"]) == ("Reading lamp of brass", 17.5)
    assert hit["content"]["description"] and hit["offer"]["stock"] == 12  # what was not changed stays
    print("the page says:", verdict)
    browser.type(".change [name=stock]", "11", over=True)
    browser.click(".change button")
    browser.wait(".journey[data-state=found] [data-skipped]", "not needed", "a stock is not embedded")
    browser.wait("#now", "11 in stock", "the new stock")
    browser.run(REFUSING, "/v1/events/", 429)
    browser.type(".change [name=stock]", "12", over=True)
    browser.click(".change button")
    browser.wait("#now", "12 in stock", "a search finds what nobody tells the steps of")
    browser.wait(".journey[data-state=found] .verdict", "A search found it", "the clock has stopped without the steps")


def test_a_change_that_is_refused_says_why(browser: Browser, shop: Stack, home: str) -> None:
    browser.open(home + "?sku=mug")
    browser.wait("#product h2", "Coffee mug", "the product is open")
    browser.click(".change button")
    browser.wait("#outcome", "Nothing is different yet", "what is missing")
    browser.type(".change [name=amount]", "7.123456", over=True)
    browser.click(".change button")
    browser.wait("#outcome", "more than 4 decimals", "the reason")
    browser.type(".change [name=stock]", "-1", over=True)
    browser.click(".change button")
    browser.wait("#outcome", "Stock:", "the field")
    assert product(shop, "mug")["offer"]["price"]["amount"] == 7.5


def test_why_a_product_is_not_live_has_a_page(browser: Browser, shop: Stack, home: str) -> None:
    browser.open(home + "?sku=ghost")
    browser.wait("#product h2", "no such product", "it is not there")
    browser.click("#product a[href*=why]")
    browser.wait(".verdict", "There is no product 'ghost'", "what is known")
    browser.complaints()  # the shop was told 404
    patch(shop, "ghost", stock=1)
    journey = shop.url("serving", "/v1/skus/ghost/journey")
    wait_until(lambda: http("GET", journey)[1]["now"] == "refused", LIMIT_S, "it is refused")
    browser.click("#ask button")
    browser.wait(".verdict h3", "Refused", "what became of it")
    assert "unknown_sku" in browser.text("#told ol")
    assert "Send the whole product as an upsert first" in browser.text(".verdict")
    browser.type("#sku", "mug", over=True)
    browser.click("#ask button")
    browser.wait(".verdict h3", "Shown", "a product that is there")
    assert "shown" in browser.text("#told tbody tr")
    for words, said in (
        ("coffee mug", "It is hit 1."),
        ("coffee mug under 5", "It does not pass the filter by price."),
    ):
        browser.type("#words", words, over=True)
        browser.click("#ask button")
        browser.wait("section[aria-label='In a search']", said, "where it stands in a search")
    assert "that is read out of the query it would be hit 1 (understand)." in browser.text(
        "section[aria-label='In a search']"
    )
    assert "q=coffee+mug+under+5" in browser.address()
    assert browser.complaints() == []


def test_why_a_product_is_not_number_one(browser: Browser, shop: Stack, home: str) -> None:
    """The mug is what was searched for, and sold out; another one, less like it, is not."""
    offer = {"price": {"amount": 9, "currency": "EUR"}, "stock": 3}
    flask = {"type": "upsert", "sku": "flask", "title": "Mug to take along, for tea, soup or coffee", **offer}
    assert http("POST", shop.url("serving", "/v1/catalog"), {"events": [flask]})[0] == 202

    def hits() -> list[str]:
        asked = {"text": "coffee mug", "limit": 2}
        return [hit["sku"] for hit in http("POST", shop.url("serving", "/v1/search"), asked)[1]["hits"]]

    wait_until(lambda: hits() == ["flask", "mug"], LIMIT_S, "another one comes first")
    browser.open(home + "why?sku=mug&q=coffee+mug")
    browser.wait("section[aria-label='In a search']", "The smallest change: FRESHET_RANK_STOCK=", "what would help")
    assert "instead of 0.5 would make it hit 1." in browser.text("section[aria-label='In a search']")
    assert http("DELETE", shop.url("serving", "/v1/catalog/flask"))[0] == 202
    wait_until(lambda: "flask" not in hits(), LIMIT_S, "it is gone")


def test_stuck_products_are_listed_and_a_refused_event_is_mended(browser: Browser, shop: Stack, home: str) -> None:
    merchant = Merchant(shop.kafka, shop.generation)
    merchant.send({"type": "patch", "sku": "mug", "stock": -4})
    merchant.flush()
    letters = shop.url("serving", "/v1/dead-letters?sku=mug")
    wait_until(lambda: http("GET", letters)[1]["letters"], LIMIT_S, "it is refused")
    stuck = shop.url("serving", "/v1/stuck")  # by another topic, and the page asks once
    wait_until(lambda: "invalid_field" in str(http("GET", stuck)[1]), LIMIT_S, "its outcome has been read, too")
    browser.open(home + "why")
    browser.wait("#stuck tbody", "dead-lettered: invalid_field", "the reasons")
    browser.click("#stuck button.link")
    browser.wait("#stuck-list", "mug", "the products of the reason")
    browser.open(home + "dead-letters?")
    browser.wait("#groups", "invalid_field", "the reasons")
    browser.click("#letters button.link")
    browser.wait("#letter mark", "-4", "what is wrong stands out")
    browser.type("#letter textarea", '{"type": "patch", "sku": "mug", "stock": 4}', over=True)
    browser.click("#letter button.first")
    browser.wait("#letter [role=status]", "Sent again as event", "it was taken")
    wait_until(lambda: product(shop, "mug")["offer"]["stock"] == 4, LIMIT_S, "it is shown")
    browser.click("#letter button.first")
    browser.wait("#letter [role=status]", "was accepted", "only once")
    browser.complaints()  # the browser was told 409
    patch(shop, "mug", stock=0)
    wait_until(lambda: product(shop, "mug")["offer"]["stock"] == 0, LIMIT_S, "as the other tests have it")


def test_what_happened_is_seen_made_again_and_shared(browser: Browser, shop: Stack, home: str, tmp_path: Path) -> None:
    asked = [{"text": text, "explain": True} for text in ("coffee mug", "green light")]
    first, last = (http("POST", shop.url("serving", "/v1/search"), one)[1]["request_id"] for one in asked)
    answers = shop.url("serving", f"/v1/answers?text={last}")
    wait_until(lambda: http("GET", answers)[1]["answers"], LIMIT_S, "the log has them")
    browser.open(home + "incident")
    browser.wait("#answers-list", "hit", "answers are listed, the oldest first")
    browser.type("#answers-only [name=text]", first + Keys.ENTER)
    wait_until(lambda: len(browser.texts("#answers-list li")) == 1, LIMIT_S, "only this answer")
    browser.click("#answers-list .button")
    browser.wait(".replayed h4", "Equal, byte for byte", "it is made again")
    Select(browser.driver.find_element(By.CSS_SELECTOR, ".instead select")).select_by_visible_text("limit")
    browser.run(OTHERWISE)
    browser.type(".instead input", "1" + Keys.ENTER)
    browser.wait(".replayed h4", "With limit=1 it differs", "what if")
    assert browser.texts(".replayed li") == ["b up from 2 to 1", "a leaves 1"]
    assert browser.text(".replayed code") == "hits"
    folder = {"behavior": "allow", "downloadPath": str(tmp_path)}
    browser.driver.execute_cdp_cmd("Browser.setDownloadBehavior", folder)
    browser.click(".replayed .acts .button")
    browser.wait(".replayed [role=status]", "freshet replay open", "it is shared")
    (file,) = wait_until(lambda: list(tmp_path.glob("*.tar.gz")), LIMIT_S, "the file is here")
    unpack(file, tmp_path / "bundle")
    (record,) = opened(tmp_path / "bundle", tmp_path / "work").records
    assert record.request_id == first
    browser.type("#events-only [name=sku]", "mug" + Keys.ENTER)
    browser.wait("#events-list", "mugupsertindexed", "its events")
    browser.run("document.querySelector('.thumbs input').focus()")
    browser.press(Keys.ARROW_RIGHT)
    wait_until(lambda: "begin" in browser.address(), LIMIT_S, "a span is chosen with the keyboard")
    address = browser.driver.current_url
    browser.size(*PHONE)
    browser.driver.get(address)
    browser.wait("#said", "The log holds answers since", "the same by its address")
    wait_until(lambda: len(browser.texts("#answers-list li")) == 1, LIMIT_S, "only this answer")
    assert browser.run("return document.documentElement.scrollWidth - innerWidth") <= 0
    assert browser.complaints() == []


def test_what_charts_and_replays_say_is_computed_from_their_figures(browser: Browser, home: str) -> None:
    browser.open(home + "incident")
    found = browser.driver.execute_async_script(COMPUTED)
    assert found["round"] == [0.05, 1, 2, 50, 100, 0.5]
    assert found["path"] == "M0.0 40.0H120.0M300.0 80.0L420.0 0.0", "broken where there is nothing to tell"
    assert found["new"] == [{"at_ms": 2, "what": "b"}, {"at_ms": 4, "what": "c"}]
    assert found["left"] == [{"at_ms": 2, "what": "a"}, {"at_ms": 3, "what": "b"}], "c may come again"
    assert found["moved"] == [
        ["b", "up from 2 to 1"],
        ["a", "down from 1 to 2"],
        ["d", "enters at 3"],
        ["c", "leaves 3"],
    ]
    browser.driver.get(home + "incident?from=2020-01-01T00:00:00Z&to=2020-01-02T00:00:00Z")
    browser.wait("#answers-said", "older than what the log keeps", "a span of before")
    near, hit, vector, other = found["said"]
    assert near == "shard 3 holds the same products, and its graph found others"
    assert "this version of the code" in hit and "vector" in vector and "not the same" in other


def test_the_feed_tells_of_a_change_by_somebody_else_and_the_shop_shows_it(
    browser: Browser, shop: Stack, home: str
) -> None:
    browser.open(home)
    browser.wait("#link", "Live", "the feed is connected")
    wait_until(lambda: len(browser.titles()) == ALL, LIMIT_S, "all products are shown")
    patch(shop, "mug", stock=4)
    row = browser.wait("#changes li:first-child", "stock 0 → 4", "what it was and is")
    assert "Coffee mug" in row and "ms" in row
    browser.wait(".card[data-sku=mug]", "only 4 left", "the card shows it")
    browser.click("#changes li:first-child button")
    browser.wait("#product[open] h2", "Coffee mug", "a change leads to its product")
    patch(shop, "mug", price={"amount": 8.25, "currency": "EUR"})
    browser.wait("#now", "€8.25", "the open product follows")
    patch(shop, "no-such", stock=1)
    browser.wait("#changes [data-kind=rejected]", "does not exist", "why it was refused")
    wait_until(lambda: browser.texts("#bars rect"), LIMIT_S, "times are drawn")
    browser.wait("#p50", "ms", "the figures of freshness come with the next of the feed's seconds")


def test_a_change_that_ends_while_it_is_held_back_is_one_row(browser: Browser, home: str) -> None:
    browser.open(home)
    browser.wait("#link", "Live", "the feed is connected")
    told = {"event_id": "9-9-9", "sku": "held", "kind": "offer", "received_ms": 1_000, "title": "Held", "offer": None}
    ends = [told | {"waiting": "apply", "total_ms": None}, told | {"waiting": None, "total_ms": 7}]
    browser.run("return import('/page/changes.js').then(({add}) => arguments[0].forEach(add))", ends)
    browser.wait("#changes [data-event='9-9-9'] .took", "7 ms", "it has ended")
    assert len(browser.texts("#changes [data-event='9-9-9']")) == 1


def test_an_answer_without_one_of_its_parts_is_asked_for_again(browser: Browser, store: str) -> None:
    browser.open(store)
    wait_until(lambda: len(browser.titles()) == ALL, LIMIT_S, "all products are shown")
    browser.run(WITHOUT_MEANING)
    browser.run("document.getElementById('search').requestSubmit()")
    browser.wait("#said", "Without meaning", "what is missing")
    assert len(browser.titles()) == 1
    browser.run("window.seen()")
    wait_until(lambda: len(browser.titles()) == ALL, LIMIT_S, "all products are shown again")
    assert "Without" not in browser.text("#said")


def test_a_click_names_the_answer_that_its_product_came_with(browser: Browser, store: str) -> None:
    browser.open(store)
    wait_until(lambda: len(browser.titles()) == ALL, LIMIT_S, "all products are shown")
    assert browser.run(TWO_PAGES) == [{"position": 2, "request_id": "r1"}, {"position": 1, "request_id": "r2"}]


def test_clicks_carts_and_purchases_reach_kafka(browser: Browser, shop: Stack, store: str) -> None:
    browser.open(store + "?q=coffee")
    browser.see_titles("Coffee mug")
    browser.click(".card[data-sku=mug] a")
    browser.wait("#product[open] h2", "Coffee mug", "the product is open")
    browser.click(".buy button")
    browser.wait("#cart", "1 item", "the cart counts")
    browser.press(Keys.ESCAPE)
    wait_until(lambda: not browser.texts("#product[open]"), LIMIT_S, "the product is closed")
    browser.click("#cart")
    browser.wait("#basket .total", "€8.25", "what it costs")
    browser.click("#basket .button")
    browser.wait("#basket", "nothing is sold", "it is only for trying")
    session = browser.run("return sessionStorage.getItem('freshet.session')")

    def sent() -> list[dict[str, Any]]:
        found = [orjson.loads(value or b"") for key, value in shop.values("clicks") if key == session.encode()]
        return found if len(found) == 3 else []

    click, cart, bought = wait_until(sent, LIMIT_S, "all three are in the log")
    assert (click["type"], click["sku"], click["position"], click["query"]) == ("click", "mug", 1, "coffee")
    assert click["request_id"]
    for one, kind in ((cart, "add_to_cart"), (bought, "purchase")):
        assert (one["type"], one["quantity"], one["price"]) == (kind, 1, {"amount": 8.25, "currency": "EUR"})
        assert one["request_id"] == click["request_id"]


def test_a_click_changes_the_next_answer_of_its_session_and_of_no_other(
    browser: Browser, shop: Stack, home: str
) -> None:
    browser.open(home + "?q=illumination")
    wait_until(lambda: len(browser.titles()) == ALL, LIMIT_S, "all products are shown")
    before = browser.titles()
    browser.click(".card:nth-child(4) a")
    browser.wait("#product[open] h2", before[3], "the fourth is open")
    browser.click(".buy button")
    browser.press(Keys.ESCAPE)
    wait_until(lambda: not browser.texts("#product[open]"), LIMIT_S, "the product is closed")

    def asked_again() -> bool:
        if browser.texts("#results[aria-busy=false]"):
            browser.run("document.getElementById('search').requestSubmit()")
        return "moved up by your clicks" in browser.text("#said")

    wait_until(asked_again, LIMIT_S, "the clicks are felt")
    assert browser.titles() != before and browser.texts(".lifted")
    _, other = http(
        "POST", shop.url("serving", "/v1/search"), {"text": "illumination", "limit": 24, "session": "other"}
    )
    assert [hit["content"]["title"] for hit in other["hits"]] == before
    browser.click(".switch")
    wait_until(lambda: browser.titles() == before and not browser.texts(".lifted"), LIMIT_S, "switched off")
    browser.click(".switch")
    wait_until(lambda: browser.texts(".lifted"), LIMIT_S, "switched on again")
    browser.click("#fresh")
    wait_until(lambda: browser.titles() == before and not browser.texts(".lifted"), LIMIT_S, "a new session")


@pytest.mark.parametrize(
    ("page", "width", "height"),
    [("/", *DESKTOP), ("/shop", *DESKTOP), ("/shop", *PHONE)],
    ids=["live", "shop", "phone"],
)
def test_nothing_jumps_nothing_comes_from_elsewhere_and_the_console_is_clean(
    browser: Browser, shop: Stack, page: str, width: int, height: int
) -> None:
    browser.size(width, height)
    home = shop.url("serving", page)
    browser.open(home)
    wait_until(lambda: len(browser.titles()) == ALL, LIMIT_S, "all products are shown")
    browser.type("#text", "rug")
    browser.see_titles("Woollen rug")
    browser.driver.get(home + "?sku=rug")
    browser.wait("#product[open] h2", "Woollen rug", "the product is open")
    assert browser.layout_shift() < SHIFT_MAX
    assert browser.hosts() == {f"127.0.0.1:{shop.ports['serving']}"}
    assert browser.complaints() == []


def test_a_phone_shows_the_shop_and_what_is_happening_behind_a_tab(browser: Browser, home: str) -> None:
    browser.size(*PHONE)
    browser.open(home)
    wait_until(lambda: len(browser.titles()) == ALL, LIMIT_S, "all products are shown")
    shown = "return document.getElementById(arguments[0]).checkVisibility()"
    assert [browser.run(shown, part) for part in ("shop", "live")] == [True, False]
    fits = "return document.documentElement.scrollWidth <= window.innerWidth"
    assert browser.run(fits)
    browser.click("[data-to=live]")
    assert [browser.run(shown, part) for part in ("shop", "live")] == [False, True]
    browser.wait("#processes", "embed", "the processes")
    assert browser.run(fits)


def test_a_phone_filters_in_a_drawer(browser: Browser, store: str) -> None:
    browser.size(*PHONE)
    browser.open(store)
    wait_until(lambda: len(browser.titles()) == ALL, LIMIT_S, "all products are shown")
    assert browser.run("return document.documentElement.scrollWidth <= window.innerWidth")
    assert browser.texts("#brands label") == []  # what nobody sees is not counted
    browser.click(".narrow")
    wait_until(lambda: browser.texts("#brands label"), LIMIT_S, "the brands are counted")
    browser.click("#brands [value=Clay]")
    browser.click("#filters > .button")
    wait_until(lambda: browser.titles() == ["Coffee mug"], LIMIT_S, "one brand")
    assert browser.text(".narrow") == "Filters 1"
    browser.driver.back()
    wait_until(lambda: len(browser.titles()) == ALL, LIMIT_S, "all products are shown again")


def test_axe_finds_nothing_that_keeps_anybody_out(browser: Browser, store: str) -> None:
    source = storefront.axe()
    browser.open(store + "?q=coffee")
    browser.see_titles("Coffee mug")
    browser.run(source)
    browser.click("#why")
    browser.wait("#explain", "by words", "the drawer")
    for scheme in ("dark", "light"):
        browser.prefers(prefers_color_scheme=scheme, prefers_reduced_motion="reduce")  # no colour on its way
        assert browser.driver.execute_async_script(AXE) == []
    browser.click(".card a")
    wait_until(lambda: browser.texts(".similar li"), LIMIT_S, "a product is open")
    assert browser.driver.execute_async_script(AXE) == []
    browser.open(store.replace("/shop", "/incident"))
    browser.wait("#said", "The log holds answers since", "what happened")
    browser.click("#timeline summary")
    browser.run(source)
    assert browser.driver.execute_async_script(AXE) == []


def test_dark_and_light_by_the_system_and_by_choice(browser: Browser, home: str) -> None:
    ground = "return getComputedStyle(document.body).backgroundColor"
    browser.open(home)
    light = browser.run(ground)
    browser.prefers(prefers_color_scheme="dark")
    dark = browser.run(ground)
    assert dark != light
    browser.click("#theme")
    assert browser.run(ground) == light
    browser.driver.refresh()
    assert browser.run(ground) == light  # the choice is remembered


def test_where_there_is_a_key_it_is_asked_for_and_searching_needs_none(browser: Browser, shop: Stack) -> None:
    shop.ports["locked"] = free_port()
    shoppers, kept = new_key("shoppers"), shop.data / "locked.json"
    change_keys(kept, lambda _: KeyFile(keys=[stored(shoppers, "search", "events")]))
    own = {"FRESHET_ADMIN_KEY": KEY, "FRESHET_KEYS": str(kept), "FRESHET_PORT": str(shop.ports["locked"])}
    shop.launch("serving", "locked", **own)
    locked = shop.url("locked", "/")
    wait_until(lambda: http("GET", locked + "readyz")[0] == 200, LIMIT_S, "the locked tier is ready")
    browser.open(locked)
    wait_until(lambda: len(browser.titles()) == ALL, LIMIT_S, "searching is open")
    browser.wait("#link", "Needs the admin key", "the feed asks")
    browser.driver.get(locked + "?sku=mug")
    browser.wait("#product h2", "Coffee mug", "the product is open")
    browser.type(".change [name=stock]", "3", over=True)
    browser.click(".change form button")
    browser.wait("#outcome .key", "anybody may search, not anybody may write", "why")
    browser.type("#outcome .key input", "ключ")
    browser.click("#outcome .key button")
    assert browser.run("return sessionStorage.getItem('freshet.key')") is None  # no header can hold it
    browser.type("#outcome .key input", KEY, over=True)
    browser.click("#outcome .key button")
    browser.wait(".journey[data-state=found] .verdict", "A search found it", "the change went through")
    browser.wait("#link", "Live", "the feed has the key too")
    assert KEY not in shop.log("locked") + browser.driver.current_url + browser.driver.page_source
    browser.driver.get(locked + "incident")
    browser.wait("#said", "The log holds answers since", "what happened is told to who has the key")
    browser.run("sessionStorage.clear()")
    browser.driver.refresh()
    browser.wait("#timeline .key", "What happened needs the admin key", "and to nobody else")
    only_clay = secured(shoppers, urlencode({"filters": "brand:Clay"}))
    browser.run("sessionStorage.setItem('freshet.key', arguments[0])", only_clay)
    browser.driver.get(locked + "instantsearch")
    wait_until(lambda: browser.texts("#hits .title") == ["Coffee mug"], LIMIT_S, "a secured key shows what it may")
    assert browser.texts("#brand .ais-RefinementList-labelText") == ["Clay"]
    browser.open(locked + "shop")
    wait_until(lambda: len(browser.titles()) == ALL, LIMIT_S, "searching is open there too")
    browser.click("#use-key")
    browser.type("footer .key input", only_clay)
    browser.click("footer .key button")
    wait_until(lambda: browser.titles() == ["Coffee mug"], LIMIT_S, "only what the key may see")
    wait_until(lambda: browser.texts("#brands label") == ["Clay1"], LIMIT_S, "in the counts too")
    browser.click("#why")
    browser.wait("#explain", "does not see all products", "how all of them rank is not told")
    browser.driver.get(locked + "shop?sku=lamp")
    browser.wait("#product h2", "no such product", "others are not there")
    assert only_clay not in browser.driver.current_url + browser.driver.page_source
    browser.press(Keys.ESCAPE)
    browser.click("#use-key")
    wait_until(lambda: len(browser.titles()) == ALL, LIMIT_S, "it is forgotten")
    shop.kill("locked")


def state_of(browser: Browser, process: str) -> str:
    row = browser.run(f"return document.querySelector('#processes [data-name={process}]')?.dataset.state")
    return str(row)


def test_a_process_that_is_dead_or_stands_still_is_shown_as_such(browser: Browser, shop: Stack, home: str) -> None:
    browser.open(home)
    wait_until(lambda: state_of(browser, "embed") == state_of(browser, "shard") == "up", LIMIT_S, "both are up")
    shop.kill("embed")
    wait_until(lambda: state_of(browser, "embed") == "down", LIMIT_S, "embed is shown as down")
    patch(shop, "rug", title="Woollen rug, red")
    browser.wait("#changes [data-kind=waiting]", "embedding", "a change that waits is told as waiting")
    shop.start("embed")
    wait_until(lambda: state_of(browser, "embed") == "up", LIMIT_S, "embed is up again")
    wait_until(lambda: "Woollen rug, red" in browser.titles(), LIMIT_S, "what has waited is shown")
    shop.send_signal("shard", signal.SIGSTOP)
    wait_until(lambda: state_of(browser, "shard") == "down", LIMIT_S, "the shard is shown as down")
    browser.type("#text", "lamp")
    browser.wait("#instead", "No product can be shown right now", "the search says what is missing")
    shop.send_signal("shard", signal.SIGCONT)
    wait_until(lambda: len(browser.titles()) == ALL, LIMIT_S, "the products come back by themselves")


def test_without_the_tier_it_says_so_and_comes_back(browser: Browser, shop: Stack, home: str) -> None:
    browser.open(home)
    wait_until(lambda: len(browser.titles()) == ALL, LIMIT_S, "products are shown")
    shop.kill("serving")
    browser.wait("#link", "Connection lost", "the feed is away")
    browser.type("#text", "lamp")
    browser.wait("#instead", "Freshet does not answer", "the search is away")
    browser.run("document.querySelector('#instead button').focus()")
    browser.run(COUNTING)
    wait_until(lambda: browser.run("return window.asked") >= 2, LIMIT_S, "it is asked again and again")
    assert browser.focused() == "Try again"
    wait_until(lambda: browser.texts("#p50, #rate, #products") == ["–"] * 3, LIMIT_S, "old figures are not shown")
    shop.start("serving")
    told = http("GET", shop.url("serving", "/v1/timeline"))[1]
    assert sum(part["searches"] for part in told["parts"]) > 0, "what happened is known after a restart"
    wait_until(lambda: len(browser.titles()) == ALL, LIMIT_S, "products are shown again")
    browser.wait("#link", "Live", "the feed is connected again")


def test_algolias_own_clients_do_what_the_documents_say(shop: Stack, home: str) -> None:
    done = storefront.called(home)
    documented = {name for row in rows("Requests") for name in named(row[1])}
    assert documented - set(done) == set() and {"react-instantsearch", "search-insights"} <= set(done)

    def sent() -> list[dict[str, Any]]:
        found = [orjson.loads(value or b"") for key, value in shop.values("clicks") if key == b"kayaker"]
        return found if len(found) == 4 else []

    view, click, cart, bought = wait_until(sent, LIMIT_S, "their events are in the log")
    assert [one["type"] for one in (view, cart, bought)] == ["view", "add_to_cart", "purchase"]
    assert (click["sku"], click["position"], len(click["request_id"])) == ("kayak-1", 2, 32)
    assert (cart["quantity"], cart["price"]) == (2, {"amount": 410, "currency": "EUR"})


def test_a_shop_built_with_instantsearch_works_unchanged(browser: Browser, shop: Stack, home: str) -> None:
    lit, brands = "#hits mark", "#brand .ais-RefinementList-item"
    with storefront.page() as address:
        browser.driver.get(f"{address}?shop=127.0.0.1:{shop.ports['serving']}")
        browser.wait("#stats", "3 results", "all kayaks")
        assert len(browser.texts("#hits b")) == 2 and browser.texts("#pages .ais-Pagination-item--page") == ["1", "2"]
        browser.click("#pages .ais-Pagination-item--nextPage a")
        wait_until(lambda: len(browser.texts("#hits b")) == 1, LIMIT_S, "the second page")
        browser.type("#searchbox input", "kay")
        wait_until(lambda: browser.texts(lit) == ["kayak", "kayak"], LIMIT_S, "the word lights up while it is typed")
        Select(browser.driver.find_element(By.CSS_SELECTOR, "#sort select")).select_by_value("products_price_desc")
        wait_until(lambda: browser.texts("#hits b")[0] == "Sea kayak", LIMIT_S, "the dearest is first")
        assert browser.texts(brands) == ["Nordlicht2", "Fjord1"]
        browser.click("#brand [value=Nordlicht]")
        browser.wait("#stats", "2 results", "one brand")
        assert browser.texts(brands) == ["Nordlicht2", "Fjord1"]  # the others are still told
        browser.type("#brand .ais-SearchBox-input", "fj")
        wait_until(lambda: browser.texts(brands) == ["Fjord1"], LIMIT_S, "a search among the brands")
        browser.click("#category .ais-HierarchicalMenu-link")
        browser.wait("#category .ais-HierarchicalMenu-list--child", "Kayaks", "the level below")
        browser.type("#price .ais-RangeInput-input--max", "200")
        browser.click("#price .ais-RangeInput-submit")
        browser.wait("#stats", "1 result", "the cheap one")
        browser.click("#hits [data-sku=kayak-3]")

        def clicked() -> list[dict[str, Any]]:
            found = [orjson.loads(value or b"") for key, value in shop.values("clicks") if key == b"paddler"]
            return [one for one in found if one["type"] == "click"]

        [click] = wait_until(clicked, LIMIT_S, "its click is in the log")
        assert (click["sku"], click["position"]) == ("kayak-3", 1) and click["request_id"]
        browser.type("#autocomplete input", "sea")
        browser.wait(".aa-Panel mark", "Sea", "autocomplete shows it")
        assert browser.hosts() == {address.split("/")[2], f"127.0.0.1:{shop.ports['serving']}"}
    assert browser.complaints() == []


def test_our_own_page_built_with_instantsearch(browser: Browser, shop: Stack, home: str) -> None:
    """Only the official clients, under the policy of all pages: typing, what was searched instead, a facet and back,
    order, pages, a product and what is related to it, the cart; and its clicks are in the log."""
    assert http("POST", shop.url("serving", "/v1/catalog"), KAYAKS)[0] == 202
    there = [home + f"v1/skus/{kayak['sku']}" for kayak in KAYAKS]
    wait_until(lambda: all(http("GET", one)[0] == 200 for one in there), LIMIT_S, "the kayaks are there")
    browser.open(home + "instantsearch")
    wait_until(lambda: len(browser.texts("#hits .card")) >= ALL, LIMIT_S, "all products are shown")
    assert browser.layout_shift() < SHIFT_MAX
    browser.type("#searchbox input", "cofee mug")
    browser.wait("#stats", "for “coffee mug”", "what was searched instead")
    browser.type("#searchbox input", "zzzzqqq", over=True)
    browser.wait("#stats", "No product has these words", "what is shown is only the nearest")
    browser.type("#searchbox input", "kay", over=True)
    wait_until(lambda: browser.texts("#hits mark"), LIMIT_S, "the word lights up while it is typed")
    wait_until(lambda: "query=kay" in browser.driver.current_url, LIMIT_S, "the address follows")
    browser.run(CLICK, "#brand [value=Nordlicht]")
    browser.wait("#current", "Nordlicht", "what is chosen")
    wait_until(lambda: set(browser.texts("#hits .drawn b")) == {"Kayaks"}, LIMIT_S, "instead of pictures what they are")
    wait_until(lambda: "Nordlicht" in browser.driver.current_url, LIMIT_S, "it stands in the address")
    browser.driver.back()
    wait_until(lambda: "Nordlicht" not in browser.text("#current"), LIMIT_S, "back takes it out again")
    Select(browser.driver.find_element(By.CSS_SELECTOR, "#sort select")).select_by_value("products_price_desc")
    wait_until(lambda: browser.texts("#hits .title")[:1] == ["Sea kayak"], LIMIT_S, "the dearest is first")
    assert browser.run("return document.querySelector('#price [role=slider]').ariaLabel") == "Price from"
    browser.run(CLICK, "#hits .card")
    browser.wait("#product[open] h2", "Sea kayak", "the product is open")
    wait_until(lambda: browser.texts("#related .card"), LIMIT_S, "what is related to it")
    browser.click("#sheet .button")
    browser.wait("#cart", "1 item", "it is in the cart")
    shopper = browser.run("return sessionStorage.getItem('freshet.session')").encode()

    def sent() -> list[dict[str, Any]]:
        found = [orjson.loads(value or b"") for key, value in shop.values("clicks") if key == shopper]
        return [one for one in found if one["type"] != "view"]

    wait_until(lambda: len(sent()) == 2, LIMIT_S, "its clicks are in the log")
    click, cart = sent()
    assert (click["type"], click["sku"], click["position"], cart["type"]) == ("click", "kayak-2", 1, "add_to_cart")
    assert click["request_id"] == cart["request_id"] and cart["price"] == {"amount": 900, "currency": "EUR"}
    paddles = [{"type": "upsert", "sku": f"paddle-{at}", "title": f"Paddle no. {at}"} for at in range(A_PAGE)]
    assert http("POST", shop.url("serving", "/v1/catalog"), paddles)[0] == 202
    wait_until(lambda: http("GET", home + f"v1/skus/paddle-{A_PAGE - 1}")[0] == 200, LIMIT_S, "more than one page")
    browser.open(home + "instantsearch")
    wait_until(lambda: len(browser.texts("#hits .card")) == A_PAGE, LIMIT_S, "the first page")
    browser.run(CLICK, "#pages .ais-Pagination-item--nextPage a")
    wait_until(lambda: 0 < len(browser.texts("#hits .card")) < A_PAGE, LIMIT_S, "the second page")
    wait_until(lambda: "page=2" in browser.driver.current_url, LIMIT_S, "it stands in the address")
    browser.driver.back()
    wait_until(lambda: len(browser.texts("#hits .card")) == A_PAGE, LIMIT_S, "the first one again")
    assert browser.hosts() == {f"127.0.0.1:{shop.ports['serving']}"}
    assert browser.complaints() == []
