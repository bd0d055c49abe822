"""What `bench page` counts, and what it says where there is no Chromium."""

import pytest

from bench.chromium import found_chromium
from bench.page import Sent, medians
from freshet.run_bench_page import FIGURES, lines
from schemas.errors import Unavailable


def test_without_a_browser_it_says_what_to_do() -> None:
    with pytest.raises(Unavailable, match="there is no Chromium here") as refused:
        found_chromium(names=("no-such-program",))
    assert "--browser" in refused.value.hint
    with pytest.raises(Unavailable, match="there is no /no/such here"):
        found_chromium("/no/such")


def test_bytes_are_told_apart_by_what_they_are() -> None:
    sent = Sent()
    come = (("Document", "http://shop/", 100), ("Script", "http://shop/a.js", 20), ("Fetch", "http://shop/v1", 7))
    for number, (kind, url, size) in enumerate((*come, ("Fetch", "http://shop/v1", 5), ("Image", "data:image/png", 9))):
        told = {"requestId": str(number), "type": kind, "response": {"url": url}}
        sent.hear({"method": "Network.responseReceived", "params": told})
        ended = {"requestId": str(number), "encodedDataLength": size}
        sent.hear({"method": "Network.loadingFinished", "params": ended})
    sent.hear({"method": "Page.loadEventFired", "params": {}})
    assert (sent.bytes, sent.requests) == ({"page": 120, "answers": 12}, 4)


def test_the_median_visit_is_told() -> None:
    visits = [dict.fromkeys(FIGURES, value) for value in (3.0, 1.0, 2.0)]
    told = medians(visits)
    assert told == dict.fromkeys(FIGURES, 2.0)
    said = "\n".join(lines([{"url": "http://shop", "device": "phone", "runs": 3, **told}]))
    assert "phone" in said and all(words in said for words in FIGURES.values())
