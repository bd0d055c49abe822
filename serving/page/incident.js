// What happened in a span of time: charts to choose in, then the answers and the events of what was chosen.

import {call, failed} from "./api.js";
import {at, el, number, plural, say, time} from "./elements.js";
import {replay, share} from "./replayed.js";
import {Charts, clock} from "./timeline.js";

const PARTS = 60, PIECE = 12, HOUR_MS = 3_600_000, WEEK_MS = 7 * 24 * HOUR_MS, LEAST_MS = 1000, SHARED_MAX = 100, PAGES_MAX = 10, AROUND_MS = 60_000;
const charts = new Charts(at("timeline"), look);
let span = [0, 0], chosen = [0, 0], parts = [], kept = null, asked = 0;

async function show(begin, end, looked = null) {
  const mine = ++asked;
  span = [Math.floor(begin), Math.ceil(Math.max(end, begin + PARTS))];
  chosen = looked || span;
  parts = [];
  address();
  fields();
  list();
  const edge = (nth) => Math.round(span[0] + ((span[1] - span[0]) * nth) / PARTS);
  say(at("said"), "The log is read…");
  try {
    for (let nth = 0; nth < PARTS; nth += PIECE) {
      const told = await call("GET", `/v1/timeline?${new URLSearchParams({from_ms: edge(nth), to_ms: edge(nth + PIECE), parts: PIECE})}`);
      if (mine !== asked) return;
      parts.push(...told.parts);
      const older = kept === null && told.kept_from_ms !== null && chosen[1] < told.kept_from_ms;
      kept = told.kept_from_ms;
      if (older) list();  // now it is known why it is empty
      charts.draw(parts, PARTS, span, kept, chosen);
    }
    say(at("said"), summary());
  } catch (error) {
    if (mine === asked) {
      say(at("said"), "");
      at("timeline").replaceChildren(failed(error, "What happened needs the admin key.", () => show(begin, end, looked)));
    }
  }
}

function summary() {
  const searches = parts.reduce((sum, part) => sum + part.searches, 0), events = parts.reduce((sum, part) => sum + part.events, 0);
  const since = kept === null ? "The log holds no answer yet." : `The log holds answers since ${new Date(kept).toLocaleString()}.`;
  const sampled = parts.some((part) => part.sampled) ? " Figures are of samples of each part." : "";
  return `${plural(searches, "search", "searches")}, ${plural(events, "event", "events")}. ${since}${sampled}`;
}

function look(begin, end) {
  chosen = [Math.floor(begin), Math.ceil(Math.max(end, begin + LEAST_MS))];
  charts.choose(chosen);
  address();
  fields();
  list();
}

const local = (ms) => new Date(ms - new Date(ms).getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
const iso = (ms) => new Date(ms).toISOString();

function fields() {
  at("span").elements.begin.value = local(chosen[0]);
  at("span").elements.end.value = local(chosen[1] + 999);
}

function only(form) {
  return Object.fromEntries([...new FormData(at(form))].filter(([, value]) => value));
}

function address() {
  const query = new URLSearchParams({from: iso(span[0]), to: iso(span[1]), begin: iso(chosen[0]), end: iso(chosen[1]), ...only("answers-only"), ...only("events-only")});
  const next = `?${query}`;
  if (next !== location.search) history[location.search ? "pushState" : "replaceState"](null, "", next);
}

function list() {
  at("share").replaceChildren();
  more({path: "/v1/answers", form: "answers-only", place: "answers-list", status: "answers-said", of: (told) => told.answers, line: answerLine, none: "No answer in this span.", done: shareAll});
  more({path: "/v1/events", form: "events-only", place: "events-list", status: "events-said", of: (told) => told.events, line: eventLine, none: "No event was decided in this span.", done: () => {}});
}

const turns = new Map();

/** The next page of a list. Where none of many is one of those that are asked for it goes on by itself for a while. */
async function more(what, after = "") {
  const turn = Symbol(what.path), [begin, end] = chosen, place = at(what.place);
  turns.set(what.path, turn);
  if (!after) place.replaceChildren();
  say(at(what.status), "");
  try {
    for (let page = 0, through = 0, next = after, found = []; page < PAGES_MAX && !found.length && (next || !page); page += 1) {
      const told = await call("GET", `${what.path}?${new URLSearchParams({from_ms: begin, to_ms: end, ...only(what.form), ...(next && {after: next})})}`);
      if (turns.get(what.path) !== turn) return;
      [found, next, through] = [what.of(told), told.next, through + told.looked_through];
      place.append(...found.map(what.line));
      at(what.status).replaceChildren(...[
        found.length ? "" : next ? `${number(through)} were looked through, none of them is one of these. ` : place.children.length ? "" : nothing(what, end),
        next ? el("button", {class: "button", type: "button", text: found.length ? "More" : "Go on", onclick: () => more(what, next)}) : ""].filter(Boolean));
    }
    what.done();
  } catch (error) {
    if (turns.get(what.path) === turn) at(what.status).replaceChildren(failed(error, "It needs the admin key.", () => list()));
  }
}

function nothing({none, form}, end) {
  if (Object.keys(only(form)).length) return "None of this span is one of these.";
  return kept !== null && end < kept ? `${none} It is older than what the log keeps.` : none;
}

const shown = new WeakMap();

/** The address of this page with one answer and what happened around it. */
function linkTo({request_id: text, at_ms: ms}) {
  const [from, to] = [ms - AROUND_MS * 15, Math.min(Date.now(), ms + AROUND_MS * 15)];
  return `?${new URLSearchParams({from: iso(from), to: iso(to), begin: iso(ms - AROUND_MS), end: iso(Math.min(to, ms + AROUND_MS)), text})}`;
}

function answerLine(one) {
  const place = el("div", {"aria-live": "polite"});
  const button = one.replayable ? el("button", {class: "button", type: "button", text: "Replay", "aria-label": `Replay ${one.text || "the newest"}, ${clock(one.at_ms)}`, onclick: () => replay(place, {...one, link: linkTo(one)})}) : null;
  const line = el("li", {"data-request": one.request_id},
    el("div", {class: "line"}, el("span", {class: "when", text: clock(one.at_ms)}), el("b", {text: one.text || "(no query)"}),
      el("span", {text: `${plural(one.hits, "hit", "hits")}${one.found > one.hits ? ` of ${number(one.found)}` : ""}, ${time(one.took_ms)}${one.page > 1 ? `, page ${one.page}` : ""}${one.typing ? ", while typing" : ""}`}),
      one.zero ? el("span", {class: "badge bad", text: one.fallback ? `found nothing, ${one.fallback}` : "zero results"}) : null,
      ...one.degraded.map((stage) => el("span", {class: "badge", text: `without ${stage}`})), button),
    one.replayable ? null : el("p", {class: "when", text: `Not replayable: ${one.why_not}.`}), place);
  shown.set(line, one);
  return line;
}

function shareAll() {
  const these = [...at("answers-list").children].map((line) => shown.get(line)).filter((one) => one.replayable).slice(0, SHARED_MAX);
  at("share").replaceChildren(...(these.length > 1 ? share(these) : []));
}

function eventLine(one) {
  return el("li", {"data-event": one.id},
    el("div", {class: "line"}, el("span", {class: "when", text: clock(one.decided_ms)}), el("a", {href: `/why?sku=${encodeURIComponent(one.sku)}`, text: one.sku || "(no SKU)"}),
      el("span", {text: one.type === "patch" ? `patch: ${one.fields.join(", ")}` : one.type}),
      el("span", {class: one.outcome === "dead-lettered" ? "badge bad" : "", text: [one.outcome, one.reason].filter(Boolean).join(": ")}),
      el("span", {class: "when", text: `decided after ${time(Math.max(0, one.decided_ms - one.received_ms))}`})));
}

function fromAddress() {
  const given = new URLSearchParams(location.search), ms = (name) => Date.parse(given.get(name) || "");
  for (const form of ["answers-only", "events-only"]) for (const field of at(form).elements) if (field.name) field.value = given.get(field.name) || "";
  const now = Date.now(), end = ms("to") || now, begin = ms("from") || end - HOUR_MS;
  const looked = ms("begin") && ms("end") && ms("begin") < ms("end") ? [ms("begin"), ms("end")] : null;
  return ms("from") && begin < end ? show(begin, end, looked) : back(HOUR_MS);
}

const width = () => span[1] - span[0];

/** Until now; of a log that is younger only as far as it goes. */
async function back(length) {
  const now = Date.now(), told = await call("GET", `/v1/timeline?${new URLSearchParams({from_ms: now - 1, to_ms: now, parts: 1})}`).catch(() => null);
  const oldest = told?.kept_from_ms ?? now - length;
  return show(Math.max(now - length, Math.min(oldest - (now - oldest) / PARTS, now - PARTS * LEAST_MS)), now);
}

for (const one of document.querySelectorAll("#ranges [data-back]")) one.addEventListener("click", () => back(one.dataset.back * 1000));
at("earlier").addEventListener("click", () => show(span[0] - width() / 2, span[1] - width() / 2));
at("later").addEventListener("click", () => show(span[0] + width() / 2, span[1] + width() / 2));
at("wider").addEventListener("click", () => show(Math.max(0, span[1] - Math.min(WEEK_MS, width() * 1.5)), Math.min(Date.now(), span[1] + width() / 2), chosen));
at("closer").addEventListener("click", () => show(...chosen));
at("span").addEventListener("submit", (event) => {
  event.preventDefault();
  const {begin: from, end: to} = at("span").elements, [begin, end] = [Date.parse(from.value), Date.parse(to.value)];
  to.setCustomValidity(begin < end ? "" : "This is not after the beginning.");
  if (!to.reportValidity()) return;
  if (begin >= span[0] && end <= span[1] + LEAST_MS) look(begin, end);
  else show(Math.min(begin, span[0]), Math.max(end, span[1]), [begin, end]);
});
at("span").elements.end.addEventListener("input", (event) => event.target.setCustomValidity(""));
for (const form of ["answers-only", "events-only"]) at(form).addEventListener("submit", (event) => {
  event.preventDefault();
  address();
  list();
});
addEventListener("popstate", fromAddress);
fromAddress();
