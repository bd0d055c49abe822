"""`POST /v1/search`: a query goes in, hits come out, and the served log hears of it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

from aiohttp import web

from schemas.errors import FreshetError, Overloaded
from schemas.facet_check import check_facets, check_group, spelt_out
from schemas.facets import check_filters
from schemas.fusion import DEPTH
from schemas.heard import Heard, Shown
from schemas.hits import Hit
from schemas.read_token import ReadToken
from schemas.search import SearchRequest, SearchResponse, UnderstoodQuery
from schemas.spelling import DidYouMean
from serving.adaptive_gate import Inside
from serving.answer_cache import Kept, key_of, of_one_state
from serving.bodies import read_body
from serving.budget import Budget
from serving.explaining import explained
from serving.fallback.ladder import NOT_CLIMBED, Climbed
from serving.heard_record import heard, shown_record
from serving.hearing import Hearing
from serving.keys.grant import GRANT, Grant
from serving.keys.limiting import limited
from serving.parts import REQUEST_ID, WIRING, Wiring
from serving.problems import Refusal, parsed, retry_after
from serving.read_floor import tokens_of
from serving.routes.at_least import AT_LEAST, tokens_in
from serving.routes.route import Parameter, Route
from serving.search import Found, Stages
from serving.searching import Asking, Searched, searched, shown_of
from serving.served import fits
from serving.served_record import served
from serving.server_timing import SERVER_TIMING, server_timing
from serving.tried_again import Effects, failed, tried_again
from serving.understanding.reading import reading_of
from serving.understanding.understand import Understood
from serving.whereabouts import whereabouts
from serving.wording import Wording

BODY_BYTES_MAX = 1_000_000
SEARCHES_MAX = 256
"""Searches at once, when all are quick; fewer when not: one more is refused fast."""
SLOW_SHARE = 0.5
"""A search that takes more of its budget shows that too many are under way."""
JSON = "application/json"
TOO_LARGE = "its record would be larger than Kafka takes"
SAMPLED_OUT = "it is not of the share of answers that are logged with their inputs (FRESHET_SERVED_FULL_SHARE)"
GIVEN_AGAIN = "it was given again from the answers that are kept: the first one of these may be replayable"
CACHE_CONTROL = "Cache-Control"
NO_CACHE = "no-cache"
NO_STORE = "no-store"


class Asker(NamedTuple):
    """Who asks, as far as an answer depends on it."""

    request_id: str
    grant: Grant
    tokens: Sequence[str] = ()
    """What the answer must not be older than, besides what the question itself says."""
    anew: bool = False
    """Whether no answer may be given again."""
    unkept: bool = False
    """Whether its query is embedded anew too, and nothing is kept of both."""


class Made(NamedTuple):
    """An answer that was not given before."""

    response: SearchResponse
    kept: Kept | None
    """What is kept of it, JSON that need not be made a second time."""

    def json(self) -> bytes:
        if self.kept is None:
            return self.response.model_dump_json().encode()
        return self.kept.told(self.response.request_id, self.response.took_ms, cached=False)


async def post_search(request: web.Request) -> web.Response:
    wiring = request.app[WIRING]
    with admitted(wiring) as inside:
        budget = Budget(wiring.settings.search_budget_ms / 1000, wiring.clock)
        asked = parsed(SearchRequest, await read_body(request, BODY_BYTES_MAX, (JSON,)))
        answer = await answered(asked, asker_of(request, tokens_in(request)), wiring, inside, budget)
    body = answer if isinstance(answer, bytes) else answer.json()
    timing = {SERVER_TIMING: server_timing(budget.took_ms(), budget.spent_ms)}
    return web.Response(body=body, content_type=JSON, headers=timing)


@contextmanager
def admitted(wiring: Wiring) -> Iterator[Inside]:
    """One search among those inside. Raises Overloaded, and counts it."""
    try:
        with wiring.searching.inside() as inside:
            yield inside
    except Overloaded:
        wiring.metrics.counter("freshet_shed_total").labels(where="tier").inc()
        raise


def asker_of(request: web.Request, tokens: Sequence[str] = ()) -> Asker:
    control = request.headers.get(CACHE_CONTROL, "").lower()
    unkept = NO_STORE in control
    return Asker(request[REQUEST_ID], request[GRANT], tokens, unkept or NO_CACHE in control, unkept)


async def answered(asked: SearchRequest, asker: Asker, wiring: Wiring, inside: Inside, budget: Budget) -> Made | bytes:
    """The answer, and a record of it in the served log; JSON of one where it was given before."""
    inside.started_s = wiring.clock()
    asked = limited(asked, asker.grant, wiring.settings.understand)
    asked = asked.model_copy(update={"facets": spelt_out(asked.facets, wiring.facets)})
    check_filters(asked.filters, wiring.facets)
    check_facets(asked.facets, wiring.facets)
    check_group(asked.group_by, wiring.facets)
    tokens = wiring.reading.read([*asked.at_least, *asker.tokens])
    key = b"" if asker.unkept else kept_as(asked, asker, wiring)
    anew = bool(tokens) or asked.explain or asker.anew
    if key and not anew and not wiring.served.wants_full(asker.request_id):
        kept = await wiring.cache.find(key, wiring.shards)
        budget.spent_ms["cache"] = round(budget.took_ms(), 3)
        if kept is not None:
            return given_again(kept, asked, budget, asker.request_id, wiring)
    stages = replace(wiring.stages, encoding=wiring.vectors.unkept) if asker.unkept else wiring.stages
    made, hearing = await _searched(asked, tokens, stages, budget, wiring)
    found, climbed = made.found, made.climbed
    observe(budget, wiring)
    inside.waited = bool(tokens) or bool(climbed.tried) or (bool(budget.skipped) and not budget.overloads)
    if not found.answers:
        count_result("unanswered", wiring)
        raise unanswered(budget)
    count_found(found.found, wiring)
    full = wants_full(asked, found, budget, asker.request_id, wiring)
    at_ms, reason = wiring.wall_ms(), SAMPLED_OUT
    response = respond(asked, found, climbed, budget, asker.request_id, wiring, full)
    if asked.explain:
        explanation = explained(asked, found, wiring.ranking, budget, at_ms, asker.grant.administers)
        explanation["kept"] = bool(key) and wiring.cache.holds(key)
        if asked.explain_sku is not None:
            explanation["sku"] = await _where(asked.explain_sku, asked, made, tokens, budget, wiring)
        explanation["fallback"] = climbed.explained()
        explanation["synonyms"] = {" ".join(one.words): one.ways for one in made.others()}
        response = response.model_copy(update={"explain": explanation})
    response = response.model_copy(update={"did_you_mean": alternative(asked, made.first, wiring)})
    again = partial(made_again, asked, made, hearing, [*asked.at_least, *asker.tokens], response.hits, wiring)
    record = partial(served, asked, found, budget=budget, at_ms=at_ms, climbed=climbed, made_again=again)
    logged = record(response, full=True, why_not="") if full else None
    if logged is not None and not fits(logged):
        response, logged, reason = response.model_copy(update={"replayable": False}), None, TOO_LARGE
    compact, kept = partial(record, full=False, why_not=reason), None
    if key and not asked.explain and not climbed.tried and may_be_kept(found, budget):
        plain = response if logged is None else response.model_copy(update={"replayable": False})
        kept_record = compact(plain)
        kept = wiring.cache.put(key, plain, bool(found.candidates.words.answers), kept_record)
        logged = logged or kept_record
    wiring.served.put(lambda: logged or compact(response))
    return Made(response, None if response.replayable else kept)


class Heeded(NamedTuple):
    made: Searched
    hearing: Hearing


async def _searched(
    asked: SearchRequest, tokens: Sequence[ReadToken], stages: Stages, budget: Budget, wiring: Wiring
) -> Heeded:
    hearing = Hearing(stages, wiring.shards)
    made = await searched(asking_of(asked, tokens, wiring), hearing.stages, hearing, budget, wiring.clock)
    if made.climbed is not NOT_CLIMBED:
        step = made.climbed.said.step if made.climbed.said else "none"
        wiring.metrics.counter("freshet_fallback_total").labels(step=step).inc()
    return Heeded(made, hearing)


def asking_of(asked: SearchRequest, tokens: Sequence[ReadToken], wiring: Wiring) -> Asking:
    """With what the shop's settings say where the request does not."""
    understood = wiring.understood(asked.text, asked)
    steps = wiring.settings.fallback if asked.fallback is None else asked.fallback
    return Asking(asked, understood, tokens, wording_of(asked, wiring), wiring.settings.fallback_below, steps)


async def _where(
    sku: str, asked: SearchRequest, made: Searched, tokens: Sequence[ReadToken], budget: Budget, wiring: Wiring
) -> dict[str, Any]:
    """Where a product is, and what would bring it to the first page."""
    told = await whereabouts(sku, asked, made.found, wiring.shards, budget)
    trying = Budget(wiring.settings.search_budget_ms / 1000, wiring.clock)  # for all of them: nobody waits to shop

    async def again(other: SearchRequest) -> Found:
        asking = asking_of(other, tokens, wiring)
        return (await searched(asking, wiring.stages, wiring.shards, trying, wiring.clock)).found

    price = await _price(sku, told["partition"], wiring, trying) if "price" in failed(told) else None
    effects = Effects(sorted(reading_of(asked, wiring.settings)[1]), bool(made.others()), price)
    more = await tried_again(sku, told, asked, made.found, effects, again)
    return told if trying.skipped else {**told, **more}


async def _price(sku: str, partition: int, wiring: Wiring, budget: Budget) -> float | None:
    ask = partial(wiring.shards.sku, partition, sku, budget.left_s())
    found = await budget.attempt("price", ask, None)
    offer = found.hit.offer if found and found.hit else None
    return offer.price.amount if offer and offer.price else None


def kept_as(asked: SearchRequest, asker: Asker, wiring: Wiring) -> bytes:
    """The key of its answer among those that are kept; empty: what a session may move, or nothing is kept at all."""
    if not wiring.cache.on or (asked.session is not None and asked.personalise and wiring.tastes.on):
        return b""
    knows = (
        wiring.vectors.encoder_id,
        wiring.ranking.popular.version,
        wiring.vocabulary.version,
        wiring.synonyms.version,
        sorted(wiring.watch.currencies()),
    )
    return key_of(asked, asker.grant.forced, knows)


def may_be_kept(found: Found, budget: Budget) -> bool:
    """Whole, as deep as ever, of the words as they were typed, the same for everyone, from one state of each shard."""
    whole = not budget.skipped and found.depth >= DEPTH and found.leaning is None and found.corrected is None
    return whole and of_one_state(found.candidates.words.answers, found.answers)


def made_again(
    asked: SearchRequest, made: Searched, hearing: Hearing, tokens: Sequence[str], hits: Sequence[Hit], wiring: Wiring
) -> tuple[Heard, Shown]:
    """What a replay needs, and what it is compared with."""
    told = heard(asked, made, hearing, tokens, wiring.settings)
    return told, shown_record(hits, made)


def given_again(kept: Kept, asked: SearchRequest, budget: Budget, request_id: str, wiring: Wiring) -> bytes:
    """JSON of the same answer, with what differs each time, in the served log too."""
    observe(budget, wiring)
    count_found(kept.record.found, wiring)
    took_ms = budget.took_ms()
    anew = {"request_id": request_id, "at_ms": wiring.wall_ms(), "took_ms": round(took_ms, 3), "session": asked.session}
    anew |= {"cached": True, "not_replayable": GIVEN_AGAIN}
    wiring.served.put(lambda: kept.record.model_copy(update=anew))
    return kept.told(request_id, took_ms, cached=True)


def wording_of(asked: SearchRequest, wiring: Wiring) -> Wording:
    typos = wiring.settings.typos if asked.typos is None else asked.typos
    return Wording(joining=typos, doubting=typos, synonyms=wiring.synonyms if asked.synonyms else None)


def alternative(asked: SearchRequest, first: Found, wiring: Wiring) -> DidYouMean | None:
    """What else may be meant by what was searched at first."""
    text = first.corrected.text if first.corrected else first.understood.looked_up
    language = first.understood.language
    return wiring.spelling.offered(text, first.candidates.words, language, typing=asked.typing)


def told(understood: Understood, asked: SearchRequest) -> UnderstoodQuery | None:
    """What the answer says of it; None where nothing was found in the query."""
    if not understood.notes:
        return None
    return UnderstoodQuery(
        text=understood.meaning,
        filters=None if understood.filters(asked.filters) == asked.filters else understood.price,
        unwanted=understood.wishes.unwanted,
        notes=list(understood.notes),
    )


def observe(budget: Budget, wiring: Wiring) -> None:
    for stage, spent_ms in budget.spent_ms.items():
        wiring.metrics.histogram("freshet_stage_seconds").labels(stage=stage).observe(spent_ms / 1000)
    for stage in budget.skipped:
        wiring.metrics.counter("freshet_degraded_total").labels(stage=stage).inc()
    for stage, error in budget.surprises:
        wiring.log.error("stage_failed", stage=stage, exc_info=error)


def unanswered(budget: Budget) -> FreshetError:
    """No shard answered: an empty page would say that the shop sells nothing like it."""
    if budget.overloads:
        return budget.overloads[0]
    return Refusal(
        503,
        "unavailable",
        "no part of the catalogue answered in time",
        hint="Try again in a moment; GET /readyz says what is away.",
        facts={"degraded": sorted(budget.skipped)},
        headers=retry_after(1),
    )


def count_found(found: int, wiring: Wiring) -> None:
    count_result("some" if found else "none", wiring)


def count_result(result: str, wiring: Wiring) -> None:
    wiring.metrics.counter("freshet_searches_total").labels(result=result).inc()


def wants_full(asked: SearchRequest, found: Found, budget: Budget, request_id: str, wiring: Wiring) -> bool:
    """Degraded, empty, explained or sampled, and the served log has room for it."""
    wanted = bool(budget.skipped) or not found.hits or asked.explain or wiring.served.wants_full(request_id)
    return wanted and wiring.served.has_room()


def respond(
    asked: SearchRequest, found: Found, climbed: Climbed, budget: Budget, request_id: str, wiring: Wiring, full: bool
) -> SearchResponse:
    states = [answer.state for answer in found.answers.values()]
    return SearchResponse(
        request_id=request_id,
        hits=shown_of(asked, found),
        found=found.found,
        facets=found.matched.facets,
        page=asked.page,
        took_ms=round(budget.took_ms(), 3),
        degraded=sorted(budget.skipped),
        replayable=full,
        made_from=states,
        read_token=tokens_of(states, wiring.settings.generation),
        encoder=wiring.vectors.encoder_id,
        understood=told(found.understood, asked),
        corrected=found.corrected,
        fallback=climbed.said,
    )


ROUTES = (
    Route(
        "POST",
        "/v1/search",
        post_search,
        "Search products",
        SearchResponse,
        scope="search",
        request=(SearchRequest,),
        parameters=(
            AT_LEAST,
            Parameter(
                CACHE_CONTROL,
                "header",
                "`no-cache`: search anew, even if the same was answered before; `no-store`: embed the query anew too, "
                "and keep neither its vector nor the answer",
            ),
        ),
        problems=(400, 408, 413, 415, 503),
    ),
)
