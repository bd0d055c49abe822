"""Shoppers: valid clicks in a sensible order, few at once, and the same dice do the same."""

from typing import Any

from freshet.demo import shoppers
from freshet.demo.catalogue import assortment
from freshet.demo.dice import Dice
from freshet.demo.shoppers import Search, Shoppers
from freshet.demo.words import queries
from schemas.clicks import check_click
from schemas.search import SearchRequest

ORDER = ("click", "view", "add_to_cart", "purchase")
HITS = [
    {"sku": sku, "in_stock": number % 2 == 0, "offer": {"price": product["price"]}}
    for number, (sku, product) in enumerate(assortment().first.items())
][: shoppers.HITS]


def visit(seed: object, moves: int) -> tuple[list[Search], list[dict[str, Any]]]:
    crowd = Shoppers(Dice("shoppers", seed), "v")
    searches, clicks = [], []
    for number in range(moves):
        move = crowd.next_move()
        if isinstance(move, Search):
            searches.append(move)
            crowd.found(move, f"request-{number}", HITS)
        else:
            clicks.append(move)
    return searches, clicks


def test_searches_and_clicks_are_what_the_shop_takes() -> None:
    searches, clicks = visit(1, 2_000)
    for click in clicks:
        check_click(click)
        assert HITS[click["position"] - 1]["sku"] == click["sku"]
    for search in searches:
        SearchRequest.model_validate(search.body())
    assert {click["type"] for click in clicks} == set(ORDER)
    assert {search.text for search in searches} & {query.text for query in queries()}


def test_nobody_buys_what_was_not_in_the_cart_and_clicked_before() -> None:
    _, clicks = visit(2, 2_000)
    done: dict[tuple[str, str, str], list[str]] = {}
    for click in clicks:
        done.setdefault((click["session"], click["request_id"], click["sku"]), []).append(click["type"])
    assert all(tuple(types) == ORDER[: len(types)] for types in done.values())
    assert len({len(types) for types in done.values()}) == 4 or {2, 4} <= {len(types) for types in done.values()}


def test_what_is_sold_out_is_looked_at_and_not_bought() -> None:
    _, clicks = visit(3, 2_000)
    sold_out = {hit["sku"] for hit in HITS if not hit["in_stock"]}
    assert {click["type"] for click in clicks if click["sku"] in sold_out} == {"click", "view"}


def test_few_are_there_at_once_and_each_leaves() -> None:
    searches, _ = visit(4, 3_000)
    by_session: dict[str, list[int]] = {}
    for at, search in enumerate(searches):
        by_session.setdefault(search.shopper.session, []).append(at)
    assert len(by_session) > 100
    assert all(len(times) <= shoppers.SEARCHES_MAX for times in by_session.values())
    for at in range(len(searches)):
        assert sum(min(times) <= at <= max(times) for times in by_session.values()) <= shoppers.IN_THE_SHOP


def test_the_same_dice_do_the_same() -> None:
    assert visit(5, 500)[1] == visit(5, 500)[1] != visit(6, 500)[1]


def test_an_empty_answer_is_looked_at_by_nobody() -> None:
    crowd = Shoppers(Dice("shoppers", 1), "v")
    search = crowd.next_move()
    assert isinstance(search, Search)
    crowd.found(search, "r", [])
    assert not search.shopper.clicks
