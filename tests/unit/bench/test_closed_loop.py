"""Clients ask until their time is over, each query in turn, and all searches are counted."""

from itertools import count
from threading import Barrier, local

import pytest

from bench.closed_loop import latencies, throughput


def test_one_client_asks_each_query_in_turn_until_its_time_is_over() -> None:
    asked: list[str] = []
    ticks = count()
    waits_ms = latencies(asked.append, ["a", "b", "c"], 9.0, clock=lambda: float(next(ticks)))
    assert asked == ["a", "b", "c", "a", "b"]
    assert list(waits_ms) == [1000.0] * 5


def test_one_client_asks_at_least_once() -> None:
    assert len(latencies(lambda _: None, ["a"], 0.0)) == 1


@pytest.mark.parametrize("clients", [1, 4])
def test_clients_together_count_every_search_and_begin_apart(clients: int) -> None:
    asked: list[int] = []
    all_begun, mine, ticks = Barrier(clients), local(), count()

    def search(query: int) -> None:
        if not hasattr(mine, "begun"):
            mine.begun = all_begun.wait(20)
            asked.append(query)

    done = throughput(search, list(range(100)), 50.0, clients, clock=lambda: float(next(ticks)))
    assert sorted(asked) == [client * 100 // clients for client in range(clients)]
    assert clients <= done.searches <= 50 and done.seconds >= 50.0


def test_what_a_search_raises_ends_the_measurement() -> None:
    def broken(query: str) -> None:
        raise LookupError(query)

    with pytest.raises(LookupError, match="a"):
        latencies(broken, ["a"], 1.0)
    with pytest.raises(LookupError, match="a"):
        throughput(broken, ["a"], 1.0, 2)
