"""Clicks through the real stack: a session reads its own click, no other does, and Redis may do what it likes."""

import asyncio
import os
import signal
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

import pytest
import redis

from agents.faults import Faults
from agents.popularity import Counting
from agents.session import read_clicks
from agents.topics import Topics
from freshet.runtime.redis_server import EmbeddedRedis
from schemas.limits import CLICK_BYTES_MAX
from schemas.sessions import Item, session_weights
from streams.popularity import Tally
from streams.reader import Reader
from streams.redis_popularity import RedisPopularity
from streams.redis_sessions import keys
from tests.system.conftest import Stack, http, stack_on
from tests.system.sending import Merchant
from tests.waiting import LIMIT_S, wait_until

LAMPS = {
    "dino": "Desk lamp with a dinosaur for the children's room",
    "oak": "Desk lamp of oak and linen",
    "clip": "Desk lamp with a clip, black metal",
    "rocket": "Desk lamp like a rocket for the children's room",
    "banker": "Desk lamp of brass with a green glass shade",
    "led": "Desk lamp, LED, dimmable, for the office",
}
CRASHES = (5, 6, 1, 3, 4)
"""Clicks counted in Redis; vectors kept; the transaction not begun; all but its commit; committed."""
POISON = (b"{", b"[]", b'{"type":"like"}', b'{"type":"click","session":"p","sku":1}', b" " * (CLICK_BYTES_MAX + 1))


@pytest.fixture(scope="module")
def own_redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedRedis]:
    """This file stops it, fills it and kills it."""
    server = EmbeddedRedis(tmp_path_factory.mktemp("own-redis"))
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def shop(
    kafka: str,
    own_redis: EmbeddedRedis,
    generations: Iterator[int],
    tmp_path_factory: pytest.TempPathFactory,
    model: Any,
) -> Iterator[Stack]:
    """All processes, and six lamps."""
    data = tmp_path_factory.mktemp("sessions")
    with stack_on(kafka, own_redis.url, next(generations), data, model) as made:
        made.start_all()
        events = [{"type": "upsert", "sku": sku, "title": title} for sku, title in LAMPS.items()]
        assert http("POST", made.url("serving", "/v1/catalog"), events)[0] == 202
        wait_until(lambda: held(made) == len(LAMPS), LIMIT_S, "the lamps are found, by their words too")
        yield made


def held(shop: Stack) -> int:
    """How many products hold the words."""
    return sum(search(shop, "s")["explain"]["words"]["matching"].values())


def asked(shop: Stack, session: str, **more: Any) -> tuple[int, Any]:
    body = {"text": "desk lamp", "limit": 6, "ranker": "none", "session": session, "explain": True, **more}
    return http("POST", shop.url("serving", "/v1/search"), body)


def search(shop: Stack, session: str, **more: Any) -> dict[str, Any]:
    status, answer = asked(shop, session, **more)
    assert status == 200, answer
    found: dict[str, Any] = answer
    return found


def whole(shop: Stack, session: str, **more: Any) -> dict[str, Any]:
    """The same, asked again while Redis was later than the tier waits for it: on a busy machine it may be."""
    found: dict[str, Any] = wait_until(
        lambda: not (answer := search(shop, session, **more))["degraded"] and answer, LIMIT_S, "a whole answer"
    )
    return found


def ranking(answer: dict[str, Any]) -> list[str]:
    return [hit["sku"] for hit in answer["hits"]]


def close_to_the_one_before(answer: dict[str, Any]) -> int:
    """Place, from 0, of the hit that has the least to catch up: one click moves none by more than a quarter."""
    relevances = [hit["relevance"] for hit in answer["hits"]]
    return min(range(1, len(relevances)), key=lambda at: relevances[at - 1] - relevances[at])


def click(shop: Stack, session: str, sku: str, kind: str = "click") -> None:
    status, answer = http("POST", shop.url("serving", "/v1/clicks"), {"type": kind, "session": session, "sku": sku})
    assert status == 202, answer


def known(shop: Stack, session: str) -> Any:
    status, answer = http("GET", shop.url("serving", f"/v1/sessions/{quote(session, safe='')}"))
    return answer if status == 200 else None


def wait_known(shop: Stack, session: str, *skus: str) -> dict[str, Any]:
    def there() -> Any:
        answer = known(shop, session)
        return answer if answer and [item["sku"] for item in answer["items"]] == list(skus) else None

    found: dict[str, Any] = wait_until(there, LIMIT_S, f"{session} has {skus}: {known(shop, session)}")
    return found


def personal(answer: dict[str, Any]) -> Any:
    return answer["explain"]["session"]


def total(shop: Stack, result: str) -> float:
    _, page = http("GET", shop.url("session", "/metrics"))
    wanted = f'freshet_clicks_total{{result="{result}"}} '
    return sum(float(line.removeprefix(wanted)) for line in page.decode().splitlines() if line.startswith(wanted))


def test_a_session_reads_its_own_click_and_no_other_does(shop: Stack) -> None:
    before = whole(shop, "reader")
    assert personal(before) is None
    place = close_to_the_one_before(before)
    lamp = ranking(before)[place]
    click(shop, "reader", lamp, "add_to_cart")
    after = wait_until(lambda: personal(found := search(shop, "reader")) and found, LIMIT_S, "it reads its own click")
    assert [item["sku"] for item in personal(after)["items"]] == [lamp]
    move = after["explain"]["moves"][lamp]
    assert move["rank_before"] == place + 1 and move["rank"] <= place and move["affinity"] > 0.99
    assert ranking(search(shop, "somebody else")) == ranking(before)
    assert ranking(search(shop, "reader", personalise=False)) == ranking(before)
    newest_first = search(shop, "reader", text="")
    assert personal(newest_first) is None and ranking(newest_first) == ranking(search(shop, "nobody", text=""))


def test_what_the_children_like_comes_first(shop: Stack) -> None:
    """Similar products move with the clicked one, the rest keeps its order."""
    before = ranking(search(shop, "parent", text="lamp"))
    click(shop, "parent", "dino", "purchase")
    wait_known(shop, "parent", "dino")
    after = ranking(whole(shop, "parent", text="lamp"))
    assert set(after[:2]) == {"dino", "rocket"}
    rest = [sku for sku in before if sku not in ("dino", "rocket")]
    assert sorted(after[2:]) == sorted(rest)


def test_pages_of_a_personal_answer_fit_together(shop: Stack) -> None:
    click(shop, "pager", "led")
    wait_known(shop, "pager", "led")
    all_of_it = ranking(whole(shop, "pager"))
    pages = [ranking(whole(shop, "pager", limit=2, page=page, explain=False)) for page in (1, 2, 3)]
    assert [sku for page in pages for sku in page] == all_of_it


def test_a_bad_click_is_dead_lettered_and_the_next_is_counted(shop: Stack) -> None:
    merchant = Merchant(shop.kafka, shop.generation, "clicks")
    for value in POISON:
        merchant.send_raw(b"p", value)
    merchant.send_raw(b"somebody", b'{"type":"click","session":"p","sku":"oak"}')
    merchant.send_raw(None, b'{"type":"click","session":"p","sku":"oak"}')
    merchant.send_raw(b"p", b'{"type":"click","session":"p","sku":"oak"}')
    merchant.flush()
    wait_known(shop, "p", "oak")
    expected = ["invalid_field", "key_mismatch", "malformed_json", "missing_key", "not_an_object", "too_large"]

    def reasons() -> list[str]:
        return sorted(letter.reason for letter in shop.dead_letters().values() if letter.stage == "session")

    wait_until(lambda: reasons() == [*expected, "unknown_type"], LIMIT_S, f"all are dead-lettered: {reasons()}")


def test_a_session_is_forgotten(shop: Stack) -> None:
    click(shop, "shy", "oak")
    wait_known(shop, "shy", "oak")
    status, answer = http("DELETE", shop.url("serving", "/v1/sessions/shy"))
    assert (status, answer) == (200, {"session": "shy", "items": True})
    assert known(shop, "shy") is None and personal(whole(shop, "shy")) is None


def test_without_the_shard_clicks_are_counted_and_the_next_search_makes_the_vector(shop: Stack) -> None:
    shop.kill("shard")
    click(shop, "early", "clip")  # nobody has asked for its vector yet
    assert wait_known(shop, "early", "clip")["vector"] is False
    status, answer = asked(shop, "early")
    assert status == 503 and "session" in answer["degraded"]
    shop.start("shard")
    wait_until(lambda: asked(shop, "nobody")[0] == 200, LIMIT_S, "the tier has seen that it is back")
    found = wait_until(lambda: personal(answer := search(shop, "early")) and answer, LIMIT_S, "it is personal")
    assert personal(found)["vector"] == "made"
    wait_until(lambda: personal(whole(shop, "early"))["vector"] == "kept", LIMIT_S, "it was put back")


def test_a_worker_that_is_killed_at_every_step_counts_each_click_once(shop: Stack) -> None:
    shop.kill("session")
    for sku in ("oak", "led", "oak"):
        click(shop, "crash", sku)
    click(shop, "other", "clip")
    for step in CRASHES:
        worker = shop.launch("session", FRESHET_FAULT=f"kill:session.{step}:1")
        assert worker.wait(LIMIT_S) == -signal.SIGKILL
    click(shop, "crash", "clip")
    shop.start("session")
    found = wait_known(shop, "crash", "clip", "oak", "led")
    wait_known(shop, "other", "clip")
    weights = session_weights([Item(sku, "click", 0) for sku in ("clip", "oak", "led")])
    assert [item["weight"] for item in found["items"]] == [round(weight, 4) for weight in weights]


def frozen(own_redis: EmbeddedRedis) -> Callable[[], object]:
    os.kill(own_redis.pid, signal.SIGSTOP)
    return lambda: os.kill(own_redis.pid, signal.SIGCONT)


def gone(own_redis: EmbeddedRedis) -> Callable[[], object]:
    own_redis.kill()
    return own_redis.start


@pytest.mark.parametrize("harm", [frozen, gone])
def test_without_redis_answers_come_without_the_session_and_say_so(
    shop: Stack, own_redis: EmbeddedRedis, harm: Callable[[EmbeddedRedis], Callable[[], object]]
) -> None:
    everyone = ranking(search(shop, "nobody"))
    click(shop, "before", "banker", "purchase")
    wait_known(shop, "before", "banker")
    heal = harm(own_redis)
    try:
        for _ in range(20):
            answer = search(shop, "before")
            assert answer["degraded"] == ["session"] and ranking(answer) == everyone
        assert http("GET", shop.url("serving", "/v1/sessions/before"))[0] == 503
        plain = search(shop, "before", personalise=False)
        assert plain["degraded"] == []
        click(shop, "meanwhile", "banker")
        wait_until(
            lambda: http("GET", shop.url("session", "/readyz"))[0] == 503, LIMIT_S, "the worker says that it waits"
        )
    finally:
        heal()
    wait_until(lambda: search(shop, "before")["degraded"] == [], LIMIT_S, "the session is asked again")
    wait_known(shop, "meanwhile", "banker")
    wait_until(lambda: http("GET", shop.url("session", "/readyz"))[0] == 200, LIMIT_S, "the worker goes on")


def test_a_full_redis_harms_no_answer_and_loses_no_click(shop: Stack, own_redis: EmbeddedRedis) -> None:
    click(shop, "old", "banker", "purchase")
    wait_known(shop, "old", "banker")
    with redis.Redis.from_url(own_redis.url) as client:
        client.config_set("maxmemory-policy", "noeviction")
        client.config_set("maxmemory", "1")
        client.delete(keys(shop.generation, "old")[1])
        for _ in range(2):
            assert personal(whole(shop, "old"))["vector"] == "made"  # and it cannot be put back
        click(shop, "new", "oak")
        wait_until(
            lambda: http("GET", shop.url("session", "/readyz"))[0] == 503, LIMIT_S, "the worker says that it waits"
        )
        assert known(shop, "new") is None
        client.config_set("maxmemory", "64mb")
    wait_known(shop, "new", "oak")


def test_strange_values_under_our_keys_are_no_error(shop: Stack, own_redis: EmbeddedRedis) -> None:
    history, vector = keys(shop.generation, "strange")
    strange: list[Callable[[Any, str], Any]] = [
        lambda client, key: client.hset(key, "field", "value"),
        lambda client, key: client.set(key, b"not ours"),
        lambda client, key: client.set(key, b"\x01" + b"\xff" * 40),
    ]
    with redis.Redis.from_url(own_redis.url) as client:
        for put in strange:
            for key in (history, vector):
                client.delete(history, vector)
                put(client, key)
                assert personal(whole(shop, "strange")) is None
            client.delete(history, vector)
            put(client, history)
            click(shop, "strange", "oak")
            wait_known(shop, "strange", "oak")
            wait_until(lambda: client.exists(vector), LIMIT_S, "the worker has kept its vector")
            with client.pipeline() as both:  # nothing comes in between
                both.delete(vector)
                put(both, vector)
                both.execute()
            assert personal(whole(shop, "strange"))["vector"] == "made"
        client.flushall()
    assert personal(whole(shop, "strange")) is None
    click(shop, "strange", "led")
    wait_known(shop, "strange", "led")


def test_every_click_is_accounted_for(shop: Stack) -> None:
    """Nothing is clicked after it: all that stands in the log was counted, refused or dead-lettered, by the last worker
    or before it."""
    wait_until(
        lambda: all(
            row["clicks_lag"] == 0 for row in http("GET", shop.url("serving", "/v1/freshness"))[1]["partitions"]
        ),
        LIMIT_S,
        "no click waits",
    )

    def lags() -> list[str]:
        _, page = http("GET", shop.url("session", "/metrics"))
        return [line.split()[-1] for line in page.decode().splitlines() if line.startswith("freshet_clicks_lag{")]

    wait_until(lambda: lags() == ["0.0", "0.0"], LIMIT_S, f"the worker has measured it: {lags()}")
    assert total(shop, "counted") > 0


def test_what_is_popular_is_a_function_of_the_log(shop: Stack, own_redis: EmbeddedRedis) -> None:
    """After all that was done to the worker and to Redis: the counts are those of the whole log, and searches know."""
    topics = Topics(shop.generation, shop.partitions)
    with redis.Redis.from_url(own_redis.url) as client:
        client.flushall()
    shop.stop("session")
    shop.start("session")
    wanted, reader = {}, Reader(shop.kafka)
    for partition in range(shop.partitions):
        end = reader.begin_end(topics.name("clicks"), partition)[1]
        records = [one for batch in reader.read(topics.name("clicks"), partition, 0, end) for one in batch]
        counting = Counting(Tally(0, 0, 0, 0, {}))
        counting.take(read_clicks(records, topics, Faults(""), 0).signs)
        wanted[partition] = dict(counting.tally.counts)
    reader.close()
    assert any("dino" in counts for counts in wanted.values())

    async def kept() -> dict[int, Any]:
        store = RedisPopularity(own_redis.url, shop.generation)
        tallies = {partition: await store.read(partition) for partition in wanted}
        await store.close()
        return {partition: tally and dict(tally.counts) for partition, tally in tallies.items()}

    wait_until(lambda: asyncio.run(kept()) == wanted, LIMIT_S, "the counts are those of the log")

    def popularity() -> dict[str, float]:
        hits = search(shop, "nobody", ranker="formula")["explain"]["hits"]
        return {sku: told["features"]["popularity"] for sku, told in hits.items()}

    found = wait_until(lambda: (told := popularity())["dino"] > 0 and told, LIMIT_S, "searches know what is popular")
    assert found["dino"] > found["rocket"] == 0
