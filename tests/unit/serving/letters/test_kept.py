"""Letters are found once each, newest first, by what is asked for, and within a limit."""

import base64
import weakref
from collections.abc import Iterator

import pytest

from schemas.records import DeadLetter
from serving.letters.kept import STRETCH_FIRST, KeptLetter, LettersAsked, LetterScan, merchant_of
from serving.routes.letters import listed
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


async def test_what_was_not_looked_through_is_the_next_page() -> None:
    log, ids, before = await kept(), "", None
    for _ in range(3):
        told = listed(LetterScan(log, 1, "tenant", scanned_max=2), LettersAsked(), before, 5)
        ids, before = ids + "".join(one.id[-1] for one in told.letters), told.next
    assert (ids, before) == ("3210" + "0", None), "the copy of the last one is on a page of its own"


async def test_older_ones_are_looked_through_without_the_newer_ones() -> None:
    assert found(await kept(), LettersAsked(until_ms=START_MS + 4), scanned_max=4) == ("10", True)


async def test_of_large_letters_fewer_are_looked_through() -> None:
    log = FakeReader()
    for number in range(STRETCH_FIRST + 2):
        await log.send("dead-letters", b"a", letter(id=f"catalog-0-{number}").encode(), 0)
    newest = sum(len(one.value or b"") for one in log._records["dead-letters", 0][2:])

    def looked(bytes_max: int) -> tuple[int, bool]:
        scan = LetterScan(log, 1, "tenant", 100, bytes_max)
        return len(list(scan.find(LettersAsked()))), scan.complete

    assert (looked(newest), looked(newest + 1)) == ((STRETCH_FIRST, False), (STRETCH_FIRST + 2, True))


async def test_letters_that_are_counted_are_not_held() -> None:
    alive: list[weakref.ref[DeadLetter]] = []

    class Watched(LetterScan):
        def find(self, asked: LettersAsked, before: int | None = None) -> Iterator[KeptLetter]:
            for number in range(50):
                one = letter(id=f"catalog-0-{number}")
                alive.append(weakref.ref(one))
                yield KeptLetter(one, "", 1, number)
                most.append(sum(ref() is not None for ref in alive))

    most: list[int] = []
    told = listed(Watched(FakeReader(), 1, "tenant"), LettersAsked(), None, 2)
    assert (told.groups[0].count, len(told.letters)) == (50, 2)
    assert max(most) < 10


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
