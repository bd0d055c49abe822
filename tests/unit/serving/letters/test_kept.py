"""Letters are found once each, newest first, by what is asked for, and within a limit."""

import base64

import pytest

from serving.letters.kept import LettersAsked, LetterScan, merchant_of
from tests.unit.serving.fakes import FakeReader
from tests.unit.serving.letters.made import EVENT, letter


async def kept() -> FakeReader:
    log = FakeReader()
    for value in (
        letter().encode(),
        b"?",
        letter().encode(),
        letter(id="catalog-0-1", reason="unknown_sku", sku="b").encode(),
        letter(EVENT[:-1] + b',"attributes":{"tenant":"acme"}}', id="catalog-0-2").encode(),
        letter(b"{", id="catalog-0-3", sku="", key=base64.b64encode(b"c").decode()).encode(),
    ):
        await log.send("dead-letters", b"a", value, 0)
    return log


def found(log: FakeReader, asked: LettersAsked, scanned_max: int = 100, before: int | None = None) -> tuple[str, bool]:
    """The last digits of the ids, and whether all were looked through."""
    scan = LetterScan(log, 1, "tenant", scanned_max)
    return "".join(one.letter.id[-1] for one in scan.find(asked, before)), scan.complete


START_MS = 1_700_000_000_000


@pytest.mark.parametrize(
    ("asked", "ids"),
    [
        (LettersAsked(), "3210"),
        (LettersAsked(reason="unknown_sku"), "1"),
        (LettersAsked(merchant="acme"), "2"),
        (LettersAsked(sku="b"), "1"),
        (LettersAsked(sku="c"), "3"),
        (LettersAsked(since_ms=START_MS + 4), "32"),
        (LettersAsked(until_ms=START_MS + 4), "10"),
    ],
)
async def test_by_what_is_asked_for(asked: LettersAsked, ids: str) -> None:
    assert found(await kept(), asked) == (ids, True)


async def test_a_page_begins_before_an_offset_and_only_so_many_are_looked_through() -> None:
    log = await kept()
    assert found(log, LettersAsked(), before=4) == ("10", True)
    assert found(log, LettersAsked(), scanned_max=6) == ("3210", True)
    assert found(log, LettersAsked(), scanned_max=5) == ("3210", False)


@pytest.mark.parametrize(
    ("event", "merchant"),
    [
        (b'{"tenant":"x"}', "x"),
        (b'{"tenant":"x","attributes":{"tenant":"y"}}', "y"),
        (b'{"tenant":7}', ""),
        (b"[]", ""),
    ],
)
def test_whose_product_it_is(event: bytes, merchant: str) -> None:
    assert merchant_of(letter(event), "tenant") == merchant
