"""`freshet audit` on a log in memory: what the agents write passes, and whatever is planted is found and named."""

import orjson
import pytest

from agents.partitions import group_of
from freshet.exit_codes import MISMATCH, OK
from freshet.run_audit import watch
from replay.audit.findings import FINDINGS_MAX, Finding, Tally
from replay.audit.partition import BY_EMBED, PartitionAudit, Span
from replay.audit.share import Share
from tests.unit.books import TOPICS, Books, upsert

NOW_MS = 1_700_000_100_000


def audited(shop: Books, span: Span = Span(), share: Share = Share()) -> Tally:  # noqa: B008
    one = PartitionAudit(lambda: shop, TOPICS, 0, span, share, NOW_MS)
    one.round()
    return one.tally


@pytest.fixture
async def books() -> Books:
    """Products that are made, changed, priced, deleted and made again; wrong ones, and one that is not embedded."""
    shop = Books()
    shop.merchant(upsert("a", "lamp"), upsert("b", "chair"), upsert("bad", ""), upsert("c", "unusable"))
    shop.work()
    shop.merchant(upsert("a", "desk lamp"), {"type": "patch", "sku": "b", "stock": 3}, upsert("a", "desk lamp"))
    shop.merchant({"type": "delete", "sku": "b"}, {"type": "patch", "sku": "nobody", "stock": 1}, upsert("b", "stool"))
    shop.work()
    return shop


async def found(shop: Books, span: Span = Span()) -> list[tuple[str, str, str, str]]:  # noqa: B008
    """Kind, topic, SKU and event of each finding."""
    return [(one.kind, one.where.split("/")[0], one.sku, one.event_id) for one in audited(shop, span).findings]


async def test_what_the_agents_write_passes(books: Books) -> None:
    tally = audited(books)
    assert tally.findings == []
    assert tally.events == 10
    assert tally.outcomes == {"indexed": 5, "dead-lettered": 3, "unchanged": 1, "deleted": 1}
    assert tally.records == {"outcomes": 10, "contents": 6, "offers": 7}
    assert (tally.documents, tally.waiting) == (2, 0)


async def test_two_processes_find_together_what_one_finds(books: Books) -> None:
    books.again("outcomes", 0)
    books.drop("contents", 4)
    whole, parts = audited(books), [audited(books, share=Share(number, 2)) for number in range(2)]
    assert sorted(parts[0].findings + parts[1].findings) == sorted(whole.findings)
    assert parts[0].events + parts[1].events == whole.events
    assert parts[0].outcomes + parts[1].outcomes == whole.outcomes
    assert parts[0].records + parts[1].records == whole.records


async def test_an_outcome_that_is_missing_twice_or_other(books: Books) -> None:
    books.drop("outcomes", 1)
    assert await found(books) == [("lost", "outcomes", "b", "1-0-1")]
    books.again("outcomes", 0)
    assert await found(books) == [("lost", "outcomes", "b", "1-0-1"), ("twice", "outcomes", "a", "1-0-0")]


async def test_an_outcome_of_another_kind_is_told_with_both(books: Books) -> None:
    books.change("outcomes", 0, outcome="superseded")
    (finding,) = audited(books).findings
    assert finding == Finding("differs", "outcomes/0", "a", "1-0-0", "outcome is 'superseded', the rules say 'indexed'")


@pytest.mark.parametrize("topic", ["contents", "offers"])
async def test_a_derived_record_that_is_missing_twice_or_other(books: Books, topic: str) -> None:
    books.change(topic, 0, received_ms=5)
    assert await found(books) == [("differs", topic, "a", "1-0-0")]
    books.drop(topic, 0)
    assert await found(books) == [("missing", topic, "a", "1-0-0")]
    books.again(topic, 0)
    assert ("twice", topic, "b", "1-0-1") in await found(books)


async def test_a_record_that_no_event_leads_to(books: Books) -> None:
    unchanged = orjson.loads(books._records["offers", 0][4].value or b"") | {"order": [1, 6]}
    books._records["offers", 0].insert(5, books._records["offers", 0][4]._replace(value=orjson.dumps(unchanged)))
    assert await found(books) == [("invented", "offers", "b", "1-0-6")]


async def test_the_newest_document_is_missing_or_other(books: Books) -> None:
    newest = len(books._records["documents", 0]) - 1
    books.change("documents", newest, content_hash="other")
    assert await found(books) == [("differs", "documents", "b", "1-0-9")]
    books.change("documents", newest, content_hash="other", vector=None)
    books.drop("documents", newest)
    assert await found(books) == [("missing", "documents", "b", "1-0-9")]


async def test_a_document_that_goes_back(books: Books) -> None:
    books.again("documents", 0)
    assert ("goes back", "documents", "a", "") in await found(books)


async def test_a_refused_event_without_its_dead_letter(books: Books) -> None:
    books.drop("dead-letters", 0)
    assert await found(books) == [("missing", "dead-letters", "bad", "1-0-2")]


async def test_a_content_that_was_refused_need_not_be_embedded_and_its_correction_counts_once(books: Books) -> None:
    corrections = [nth for nth, one in enumerate(books._records["outcomes", 0]) if BY_EMBED in (one.value or b"")]
    assert len(corrections) == 1
    books.again("outcomes", corrections[0])
    assert await found(books) == [("twice", "outcomes", "c", "1-0-3")]


async def test_what_the_encoder_has_not_come_to_waits(books: Books) -> None:
    books.merchant(upsert("a", "floor lamp"))
    embedded = books.done[group_of("embed", 1)]
    books.work()
    books.drop("documents", len(books._records["documents", 0]) - 1)
    books.done[group_of("embed", 1)] = embedded
    tally = audited(books)
    assert (tally.findings, tally.waiting) == ([], 1)


async def test_what_is_not_decided_yet_is_left_for_the_next_round(books: Books) -> None:
    one = PartitionAudit(lambda: books, TOPICS, 0, Span(), Share(), NOW_MS)
    one.round()
    books.merchant(upsert("d", "shelf"))
    one.round()
    assert (one.tally.events, one.tally.found) == (10, 0)
    books.work()
    one.round()
    assert (one.tally.events, one.tally.found, one.tally.documents) == (11, 0, 3)
    books.again("offers", 0)
    one.round()
    assert [finding.kind for finding in one.tally.findings] == ["twice"]


async def test_a_span_begins_with_the_state_that_its_first_event_met(books: Books) -> None:
    from_ms = books._records["catalog", 0][4].timestamp_ms
    to_ms = books._records["catalog", 0][8].timestamp_ms
    tally = audited(books, Span(from_ms, to_ms))
    assert (tally.events, tally.findings) == (4, [])
    books.drop("outcomes", 0)
    assert audited(books, Span(from_ms, to_ms)).findings == [], "it is before the span"


async def test_a_record_may_be_compacted_away_beyond_the_horizon_only(books: Books) -> None:
    books.drop("contents", 0)
    later_ms = NOW_MS + 8 * 86_400_000
    one = PartitionAudit(lambda: books, TOPICS, 0, Span(), Share(), later_ms)
    one.round()
    assert (one.tally.found, one.tally.compacted) == (0, 1)
    assert await found(books) == [("missing", "contents", "a", "1-0-0")]


async def test_a_product_whose_delete_was_forgotten_is_passed_over() -> None:
    """When that was, beside its events, the log does not tell."""
    shop = Books()
    shop.merchant(
        upsert("a", "lamp") | {"version": 7}, {"type": "delete", "sku": "a", "version": 8}, upsert("b", "bed")
    )
    shop.work()
    for topic in ("contents", "offers"):
        shop.put(topic, b"a", None)
    shop.states.clear()
    shop.merchant(upsert("a", "other lamp") | {"version": 1})
    shop.work()
    shop.after["catalog"] = 2
    tally = audited(shop)
    assert (tally.events, tally.findings) == (1, [])


async def test_outcomes_that_retention_has_removed_are_not_lost(books: Books) -> None:
    del books._records["outcomes", 0][:3]
    books.after["outcomes"] = 3
    books._records["outcomes", 0][:0] = [books._records["outcomes", 0][0]] * 3
    tally = audited(books)
    assert (tally.found, tally.not_kept) == (0, 3)


def test_a_damaged_log_does_not_fill_the_memory() -> None:
    tally = Tally()
    for _ in range(FINDINGS_MAX):
        tally.find("lost", "outcomes/0", "a", "", "")
    assert len(tally.findings) == tally.found == FINDINGS_MAX
    tally.find("lost", "outcomes/0", "a", "", "")
    assert (len(tally.findings), tally.found) == (FINDINGS_MAX, FINDINGS_MAX + 1)
    total = Tally()
    total.add(tally)
    total.add(tally)
    assert (len(total.findings), total.found) == (FINDINGS_MAX, 2 * FINDINGS_MAX + 2)


async def test_watching_tells_each_round_what_is_new_and_ends_with_what_differed(
    books: Books, capsys: pytest.CaptureFixture[str]
) -> None:
    rounds = iter(range(3))

    def wait() -> None:
        match next(rounds):
            case 0:
                books.merchant(upsert("e", "desk"), upsert("f", "door"))
                books.work()
                books.drop("outcomes", len(books._records["outcomes", 0]) - 1)
            case 1:
                books.merchant(upsert("e", "old desk"))
                books.work()
            case _:
                raise KeyboardInterrupt

    compared: list[int] = []
    one = PartitionAudit(lambda: books, TOPICS, 0, Span(), Share(), NOW_MS)
    assert watch([one], lambda partition, _: compared.append(partition), wait, as_json=True) == MISMATCH
    printed = capsys.readouterr()
    told = [orjson.loads(line) for line in printed.out.splitlines()]
    assert [(one["events"], one["found"]) for one in told] == [(10, 0), (2, 1), (1, 0)]
    assert [finding["sku"] for one in told for finding in one["findings"]] == ["f"]
    assert compared == [0, 0, 0] and "1 differences" in printed.err
    rounds = iter([2])
    assert watch([], lambda partition, tally: None, wait, as_json=False) == OK
