"""`POST /v1/search`: a query goes in, hits come out, and the served log hears of it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import NamedTuple

from aiohttp import web

from schemas.errors import Overloaded
from schemas.facet_check import check_facets, check_group, spelt_out
from schemas.facets import check_filters
from schemas.fusion import DEPTH
from schemas.read_token import ReadToken
from schemas.search import SearchRequest, SearchResponse, UnderstandStep, UnderstoodQuery
from schemas.settings import ServingSettings
from schemas.spelling import DidYouMean
from schemas.ways import OtherWays
from serving.adaptive_gate import Inside
from serving.answer_cache import Kept, key_of, of_one_state
from serving.bodies import read_body
from serving.budget import Budget
from serving.explaining import explained
from serving.fallback.ladder import NOT_CLIMBED, Climbed, climb, too_little
from serving.fallback.step import Again, Missed
from serving.keys.grant import GRANT, Grant
from serving.keys.limiting import limited
from serving.parts import REQUEST_ID, WIRING, Wiring
from serving.problems import parsed
from serving.read_floor import tokens_of
from serving.routes.at_least import AT_LEAST, tokens_in
from serving.routes.route import Parameter, Route, answer_model
from serving.search import Found, search
from serving.served import fits
from serving.served_record import served
from serving.showing import shown
from serving.understanding.languages import Language, language
from serving.understanding.understand import Understood, understand
from serving.whereabouts import whereabouts
from serving.wording import Wording

BODY_BYTES_MAX = 1_000_000
SEARCHES_MAX = 256
"""Searches at once, when all are quick; fewer when not: one more is refused fast."""
SLOW_SHARE = 0.5
"""A search that takes more of its budget shows that too many are under way."""
JSON = "application/json"
CACHE_CONTROL = "Cache-Control"
NO_CACHE = "no-cache"


class Asker(NamedTuple):
    """Who asks, as far as an answer depends on it."""

    request_id: str
    grant: Grant
    tokens: Sequence[str] = ()
    """What the answer must not be older than, besides what the question itself says."""
    anew: bool = False
    """Whether no answer may be given again."""


async def post_search(request: web.Request) -> web.Response:
    wiring = request.app[WIRING]
    with admitted(wiring) as inside:
        budget = Budget(wiring.settings.search_budget_ms / 1000, wiring.clock)
        asked = parsed(SearchRequest, await read_body(request, BODY_BYTES_MAX, (JSON,)))
        anew = NO_CACHE in request.headers.get(CACHE_CONTROL, "").lower()
        answer = await answered(asked, asker_of(request, tokens_in(request), anew), wiring, inside, budget)
    return web.Response(body=answer, content_type=JSON) if isinstance(answer, bytes) else answer_model(answer)


@contextmanager
def admitted(wiring: Wiring) -> Iterator[Inside]:
    """One search among those inside. Raises Overloaded, and counts it."""
    try:
        with wiring.searching.inside() as inside:
            yield inside
    except Overloaded:
        wiring.metrics.counter("freshet_shed_total").labels(where="tier").inc()
        raise


def asker_of(request: web.Request, tokens: Sequence[str] = (), anew: bool = False) -> Asker:
    return Asker(request[REQUEST_ID], request[GRANT], tokens, anew)


async def answered(
    asked: SearchRequest, asker: Asker, wiring: Wiring, inside: Inside, budget: Budget
) -> SearchResponse | bytes:
    """The answer, and a record of it in the served log; JSON of one where it was given before."""
    inside.started_s = wiring.clock()
    asked = limited(asked, asker.grant, wiring.settings.understand)
    asked = asked.model_copy(update={"facets": spelt_out(asked.facets, wiring.facets)})
    check_filters(asked.filters, wiring.facets)
    check_facets(asked.facets, wiring.facets)
    check_group(asked.group_by, wiring.facets)
    tokens = wiring.reading.read([*asked.at_least, *asker.tokens])
    key = kept_as(asked, asker, wiring)
    anew = bool(tokens) or asked.explain or asker.anew
    if key and not anew and not wiring.served.wants_full(asker.request_id):
        kept = await wiring.cache.find(key, wiring.shards)
        budget.spent_ms["cache"] = round(budget.took_ms(), 3)
        if kept is not None:
            return given_again(kept, asked, budget, asker.request_id, wiring)
    searched = await _searched(asked, tokens, budget, wiring)
    found, climbed = searched.found, searched.climbed
    observe(budget, wiring)
    inside.waited = bool(tokens) or bool(climbed.tried) or (bool(budget.skipped) and not budget.overloads)
    if not found.answers and budget.overloads:
        raise budget.overloads[0]
    count_found(found.found, wiring)
    full = wants_full(asked, found, budget, asker.request_id, wiring)
    at_ms = wiring.wall_ms()
    response = respond(asked, found, climbed, budget, asker.request_id, wiring, full)
    if asked.explain:
        explanation = explained(asked, found, wiring.ranking, budget, at_ms, asker.grant.administers)
        explanation["kept"] = bool(key) and wiring.cache.holds(key)
        if asked.explain_sku is not None:
            explanation["sku"] = await whereabouts(asked.explain_sku, asked, found, wiring.shards, budget)
        explanation["fallback"] = climbed.explained()
        explanation["synonyms"] = {" ".join(one.words): one.ways for one in searched.others()}
        response = response.model_copy(update={"explain": explanation})
    response = response.model_copy(update={"did_you_mean": alternative(asked, searched.first, wiring)})
    record = partial(served, asked, found, budget=budget, at_ms=at_ms, climbed=climbed)
    logged = record(response) if full else None
    if logged is not None and not fits(logged):
        response, logged = response.model_copy(update={"replayable": False}), None
    if key and not asked.explain and not climbed.tried and may_be_kept(found, budget):
        compact = response if logged is None else response.model_copy(update={"replayable": False})
        kept_record = record(compact)
        wiring.cache.put(key, compact, bool(found.candidates.words.answers), kept_record)
        logged = logged or kept_record
    wiring.served.put(lambda: logged or record(response))
    return response


class Searched(NamedTuple):
    """What was found, and how."""

    found: Found
    climbed: Climbed
    first: Found
    """Before the ladder."""
    wording: Wording

    def others(self) -> list[OtherWays]:
        """What else was looked for instead of words of the query."""
        return self.wording.others(self.first.understood.looked_up)


async def _searched(asked: SearchRequest, tokens: Sequence[ReadToken], budget: Budget, wiring: Wiring) -> Searched:
    said = reading_of(asked, wiring.settings)
    understood = understand(asked.text, *said, wiring.watch.currencies(), wiring.vocabulary.now)
    below, wording = wiring.settings.fallback_below, wording_of(asked, wiring)
    first = await search(asked, understood, tokens, wiring.stages, budget, below, wording)
    again = Again(tokens, wiring.stages, wiring.shards, budget, wording.settled())
    climbed = await fall_back(Missed(asked, first.understood, first, below), again, wiring)
    found = replace(climbed.landed.found, corrected=first.corrected) if climbed.landed else first
    return Searched(found, climbed, first, wording)


async def fall_back(missed: Missed, again: Again, wiring: Wiring) -> Climbed:
    """The ladder, where the query found too little."""
    wanted = missed.request.fallback
    steps = wiring.settings.fallback if wanted is None else wanted
    if not too_little(missed, steps):
        return NOT_CLIMBED
    climbed = await climb(missed, again, steps, wiring.clock)
    wiring.metrics.counter("freshet_fallback_total").labels(step=climbed.said.step if climbed.said else "none").inc()
    return climbed


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


def given_again(kept: Kept, asked: SearchRequest, budget: Budget, request_id: str, wiring: Wiring) -> bytes:
    """JSON of the same answer, with what differs each time, in the served log too."""
    observe(budget, wiring)
    count_found(kept.record.found, wiring)
    took_ms = budget.took_ms()
    anew = {"request_id": request_id, "at_ms": wiring.wall_ms(), "took_ms": round(took_ms, 3), "session": asked.session}
    wiring.served.put(lambda: kept.record.model_copy(update={**anew, "cached": True}))
    return kept.again(request_id, took_ms)


def reading_of(asked: SearchRequest, settings: ServingSettings) -> tuple[Language, frozenset[UnderstandStep]]:
    """In which language a query is read, and by which steps."""
    steps = settings.understand if asked.understand is None else asked.understand
    return language(asked.locale or settings.locale), frozenset(steps)


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


def count_found(found: int, wiring: Wiring) -> None:
    wiring.metrics.counter("freshet_searches_total").labels(result="some" if found else "none").inc()


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
        hits=shown(found.hits, asked, found.candidates.words.looked_up.text or found.understood.meaning),
        found=found.found,
        facets=found.matched.facets(),
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
            Parameter(CACHE_CONTROL, "header", "`no-cache`: search anew, even if the same was answered before"),
        ),
        problems=(400, 408, 413, 415),
    ),
)
