"""`/v1/dead-letters`: events that were refused: which, why, where in them, and how to send them again."""

import asyncio
from collections import Counter
from collections.abc import Callable
from itertools import chain, islice
from typing import Any, TypeVar

from aiohttp import web
from pydantic import ValidationError

from schemas.events import Delete, Patch, Upsert
from schemas.limits import EVENT_BYTES_MAX
from schemas.reasons import REASONS
from schemas.strict import parse_json
from serving.bodies import read_body
from serving.history import LogReader
from serving.keys.grant import GRANT
from serving.letters.kept import KeptLetter, LettersAsked, LetterScan, sku_of
from serving.letters.marks import marks
from serving.letters.model import (
    LetterGroup,
    LetterLine,
    LetterMark,
    Letters,
    LetterWhole,
    ResubmitAll,
    Resubmitted,
    ResubmittedAll,
    Skipped,
)
from serving.letters.named import letter_named
from serving.letters.resubmit import LETTERS_MAX
from serving.parts import WIRING, Wiring
from serving.problems import Refusal
from serving.routes.catalog import JSON
from serving.routes.route import Parameter, Route, answer_model
from serving.whole_numbers import whole_number

LIST_TIMEOUT_S = 30.0
LIMIT_DEFAULT = 50
LIMIT_MAX = 500
ORIGINAL_CHARS_MAX = 20_000
OFFSET_MAX = 10**18
T = TypeVar("T")


async def get_letters(request: web.Request) -> web.Response:
    limit, below = _number(request, "limit", 1, LIMIT_MAX) or LIMIT_DEFAULT, _number(request, "before", 0, OFFSET_MAX)
    asked = LettersAsked(
        reason=request.query.get("reason", ""),
        merchant=request.query.get("merchant", ""),
        sku=request.query.get("sku", ""),
        since_ms=_number(request, "since_ms", 0, OFFSET_MAX) or 0,
        until_ms=_number(request, "until_ms", 0, OFFSET_MAX),
    )
    return answer_model(await _ask(request.app[WIRING], lambda scan: listed(scan, asked, below, limit)))


async def get_letter(request: web.Request) -> web.Response:
    wiring = request.app[WIRING]
    kept = await _found(wiring, request.match_info["id"])
    planned = await wiring.resubmitting.plan_of(kept)
    refused = planned.skipped[0] if planned.skipped else None
    return answer_model(await asyncio.to_thread(whole, kept, refused))  # of 2 MB it may mark much


async def post_letter(request: web.Request) -> web.Response:
    """With a body: the event as it was mended; without: as it was."""
    wiring = request.app[WIRING]
    mended = await read_body(request, EVENT_BYTES_MAX, (JSON,)) if request.can_read_body else None
    kept = await _found(wiring, request.match_info["id"])
    done = await wiring.resubmitting.one(kept, mended or None)
    facts = done.model_dump(include={"id", "event_id"}) | {
        "mended": bool(mended),
        "sent": isinstance(done, Resubmitted),
    }
    await _audit(request, "dead_letter_resubmitted", facts)
    if isinstance(done, Skipped):
        code = "superseded" if done.superseded_by else "not_resubmitted"
        raise Refusal(409, code, done.why, hint=done.hint, facts={"superseded_by": done.superseded_by})
    return answer_model(done, 202)


async def post_letters(request: web.Request) -> web.Response:
    """All that match, each at most once."""
    wiring = request.app[WIRING]
    asked = _which(parse_json(await read_body(request, EVENT_BYTES_MAX, (JSON,))))
    which = LettersAsked(reason=asked.reason, merchant=asked.merchant, since_ms=asked.since_ms, until_ms=asked.until_ms)
    sent, skipped, older = await wiring.resubmitting.all(which, asked.dry_run, asked.before)
    if not asked.dry_run:
        facts = asked.model_dump(exclude={"dry_run"}) | {"sent": len(sent), "skipped": len(skipped)}
        await _audit(request, "dead_letters_resubmitted", facts)
    matching = len(sent) + len(skipped)
    found = {"dry_run": asked.dry_run, "matching": matching, "sent": sent, "skipped": skipped}
    return answer_model(ResubmittedAll(**found, next=older, complete=older is None), 200)


def listed(scan: LetterScan, asked: LettersAsked, before: int | None, limit: int) -> Letters:
    """Groups are counted once, with the first page."""
    found = scan.find(asked, before)
    page = list(islice(found, limit + 1))
    counts: Counter[tuple[str, str]] = Counter()
    newest: dict[tuple[str, str], int] = {}
    for kept in chain(page, found) if before is None else ():
        key = kept.letter.reason, kept.merchant
        counts[key] += 1
        newest.setdefault(key, kept.at_ms)
    return Letters(
        letters=[line(kept) for kept in page[:limit]],
        groups=[
            LetterGroup(reason=key[0], merchant=key[1], count=count, newest_ms=newest[key])
            for key, count in counts.most_common()
        ],
        next=page[limit - 1].offset if len(page) > limit else scan.next,
        complete=scan.complete,
    )


def line(kept: KeptLetter) -> LetterLine:
    return LetterLine(**_line(kept))


def whole(kept: KeptLetter, refused: Skipped | None) -> LetterWhole:
    """`refused`: why it cannot be sent again as it is; mended it can, unless something newer took its place."""
    letter, (key, value) = kept.letter, kept.letter.original()
    text = value.decode("utf-8", "backslashreplace")
    said = letter.problems or [["", letter.message]]
    reason = REASONS.get(letter.reason)
    return LetterWhole(
        **_line(kept),
        meaning=reason.meaning if reason else "",
        key=key.decode("utf-8", "backslashreplace"),
        original=text[:ORIGINAL_CHARS_MAX],
        original_bytes=letter.value_bytes,
        original_base64=letter.value,
        marks=[
            LetterMark(
                field=one.field,
                problem=one.problem,
                start=one.span.start if one.span else None,
                end=one.span.end if one.span else None,
            )
            for one in marks(text, said if letter.stage == "catalog" else [])
        ],
        can_resubmit=refused is None,
        why_not=refused.why if refused else "",
        superseded_by=refused.superseded_by if refused else "",
    )


def _line(kept: KeptLetter) -> dict[str, Any]:
    letter = kept.letter
    return {
        "id": letter.id,
        "event_id": letter.event_id,
        "sku": sku_of(letter),
        "merchant": kept.merchant,
        "reason": letter.reason,
        "who": letter.who,
        "stage": letter.stage,
        "message": letter.message,
        "fields": [field for field, _ in letter.problems],
        "at_ms": kept.at_ms,
    }


def _number(request: web.Request, name: str, least: int, most: int) -> int | None:
    text = request.query.get(name)
    return None if text is None else whole_number(name, text, least, most)


def _which(body: object) -> ResubmitAll:
    """Raises Refusal: what is not understood must not send everything."""
    try:
        return ResubmitAll.model_validate(body)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(map(str, first["loc"]))
        raise Refusal(400, "invalid_request", f"{field or 'the body'}: {first['msg']}") from None


async def _found(wiring: Wiring, name: str) -> KeptLetter:
    """By its id, or by the id of its event."""
    topics = wiring.resubmitting.topics
    kept, complete = await wiring.ledger.ask(lambda reader: letter_named(reader, topics, name), LIST_TIMEOUT_S)
    if kept is None:
        where = "" if complete else " among those that were looked through"
        raise Refusal(404, "unknown_letter", f"there is no dead letter {name[:100]!r}{where}", hint="freshet dlq ls")
    return kept


async def _ask(wiring: Wiring, question: Callable[[LetterScan], T]) -> T:
    settings = wiring.settings

    def ask(reader: LogReader) -> T:
        return question(LetterScan(reader, settings.generation, settings.tenant_attribute))

    return await wiring.ledger.ask(ask, LIST_TIMEOUT_S)


async def _audit(request: web.Request, action: str, facts: dict[str, Any]) -> None:
    await asyncio.to_thread(request.app[WIRING].audit.write, action, request[GRANT].who, **facts)


ID = Parameter("id", "path", "Of the letter, or of the event that was refused")
ROUTES = (
    Route(
        "GET",
        "/v1/dead-letters",
        get_letters,
        "Events that were refused, newest first, by reason and merchant",
        Letters,
        scope="ingest",
        parameters=(
            Parameter("reason", "query", "Only with this reason"),
            Parameter("merchant", "query", "Only of this merchant (the attribute FRESHET_TENANT_ATTRIBUTE)"),
            Parameter("sku", "query", "Only of this product"),
            Parameter("since_ms", "query", "Only refused from then on, ms since 1970", "integer"),
            Parameter("until_ms", "query", "Only refused before then", "integer"),
            Parameter("limit", "query", f"Most letters; {LIMIT_DEFAULT}, at most {LIMIT_MAX}", "integer"),
            Parameter("before", "query", "`next` of the page before", "integer"),
        ),
        problems=(400, 503),
    ),
    Route(
        "GET",
        "/v1/dead-letters/{id}",
        get_letter,
        "A refused event with what is wrong marked in it",
        LetterWhole,
        scope="ingest",
        parameters=(ID,),
        problems=(404, 503),
    ),
    Route(
        "POST",
        "/v1/dead-letters/{id}/resubmit",
        post_letter,
        "Send a refused event again, mended or as it was",
        Resubmitted,
        scope="ingest",
        status=202,
        request=(Upsert, Patch, Delete),
        parameters=(ID,),
        problems=(404, 409, 413, 415, 503),
    ),
    Route(
        "POST",
        "/v1/dead-letters/resubmit",
        post_letters,
        f"Send many refused events again, at most {LETTERS_MAX:,} at a time, none of them twice",
        ResubmittedAll,
        scope="admin",
        request=(ResubmitAll,),
        problems=(400, 413, 415, 503),
    ),
)
