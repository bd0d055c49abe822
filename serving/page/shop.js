// The shop: asks as one types, shows products, says what is wrong, and can be used with the keyboard alone.

import {Problem, call, keyForm, keyGiven} from "./api.js";
import * as address from "./address.js";
import * as cards from "./cards.js";
import {at, el, number, plural, time} from "./elements.js";
import * as explain from "./explain.js";
import * as facets from "./facets.js";
import {fellBack} from "./fallback.js";
import {taken} from "./first.js";
import * as meant from "./meant.js";
import {LIMIT, SORTS, question, wanted} from "./question.js";
import * as session from "./session.js";
import * as suggestions from "./suggest.js";

const DEBOUNCE_MS = 110, DEPTH_MAX = 1000, RETRY_MS = 2000, RETRY_MS_MAX = 30_000;
const shopName = document.title;
const NOTHING_CHOSEN = {stock: false, brand: [], category: [], min: "", max: "", currency: "", attributes: {}};
const list = at("results"), text = at("text"), filters = at("filters"), instead = at("instead"), more = at("more"), sort = filters.elements.sort;
const SORTED = {price_asc: "cheapest first", price_desc: "dearest first", newest: "newest first", popularity: "most popular first"};
let running = null, waiting = 0, retrying = 0, patience = RETRY_MS, page = 1, hits = [], lifted = new Map(), origins = new Map(), asked = "", typing = false;

/** The answer that a shown product came with, and its place there from 1. */
export const originOf = (sku) => origins.get(sku) || {};
export const hitOf = (sku) => hits.find((hit) => hit.sku === sku);

/** "shown" with the hits that are new. */
export const news = new EventTarget();

export const filtered = () => Object.keys(wanted().filters).length > 0;

/** Asks again; `slide` lets products move to their new places, `further` adds the next page. */
export async function search({slide = false, further = false} = {}) {
  running?.abort();
  asked = place();
  clearTimeout(retrying);
  const mine = running = new AbortController();
  const next = further ? page + 1 : 1;
  list.setAttribute("aria-busy", "true");
  try {
    const body = question(next, {typing, explain: explain.isOpen()});
    const answer = await (taken(body) || call("POST", "/v1/search", body, {signal: mine.signal}));
    if (mine !== running) return;
    page = next;
    show(answer, further, slide);
  } catch (error) {
    if (error.name === "AbortError") return;
    if (!(error instanceof Problem)) throw error;
    if (mine === running) failed(error);
  } finally {
    if (mine === running) list.setAttribute("aria-busy", "false");
  }
}

function show(answer, further, slide) {
  const before = further ? hits : [];
  const known = new Set(before.map((hit) => hit.sku));
  const added = answer.hits.filter((hit) => !known.has(hit.sku));
  const came = new Map(answer.hits.map(({sku}, index) => [sku, {position: index + 1, request_id: answer.request_id}]));
  origins = new Map([...came, ...(further ? origins : [])]);
  hits = [...before, ...added];
  lifted = new Map([...(further ? lifted : []), ...liftedIn(answer)]);
  cards.show(list, hits, lifted, {slide});
  if (!further) facets.show(answer.facets, address.read());
  news.dispatchEvent(new CustomEvent("shown", {detail: added}));
  explain.show(answer, further);
  if (!further) askForTheRest(answer);
  more.hidden = answer.hits.length < LIMIT || hits.length >= answer.found || (page + 1) * LIMIT > DEPTH_MAX;
  instead.hidden = hits.length > 0;
  if (!hits.length) nothing(answer);
  sayWhat(answer);
}

/** An answer without one of its parts is shown, and asked for again ever more rarely until it is complete. */
function askForTheRest({degraded}) {
  if (!degraded.length) patience = RETRY_MS;
  else {
    again(patience, {slide: true});
    patience = Math.min(patience * 2, RETRY_MS_MAX);
  }
}

function again(afterMs, how) {
  clearTimeout(retrying);
  retrying = setTimeout(() => search(how), afterMs);
}

/** By how many places the session brought products further up than they would stand without it. */
function liftedIn(answer) {
  const moves = Object.entries(answer.explain?.moves || {});
  return moves.map(([sku, {rank, rank_before: before}]) => [sku, before - rank]).filter(([, places]) => places > 0);
}

function sayWhat(answer) {
  const left = answer.degraded.map(leftOut);
  const took = time(answer.took_ms);
  const order = SORTED[address.read().sort] || (wanted().text ? "" : "newest first"), all = plural(answer.found, "product", "products");
  const words = !hits.length ? "" : order ? `${all}, ${order}, in ${took}` : `Best ${number(hits.length)} of ${all} in ${took}`;
  const moved = lifted.size ? `, ${number(lifted.size)} moved up by your clicks` : "";
  const elsewhere = hits.length ? fellBack(answer) : "";
  meant.show(answer, (q, exact) => {
    typing = false;
    narrow({q, exact});
  });
  at("said").replaceChildren(words + moved + (elsewhere ? `. ${elsewhere}` : ""), left.length ? el("span", {class: "warn", text: `${words ? ". " : ""}Without ${left.join(", ")}.`}) : "");
}

function leftOut(stage) {
  if (stage === "encode") return "meaning: the encoder is away, so the newest come first";
  if (stage === "session" || stage === "personalise") return "your clicks";
  if (stage.startsWith("facets-")) return "the counts of a part of the catalogue";
  return stage.startsWith("shard-") || stage.startsWith("sort-") ? `a part of the catalogue (${stage} does not answer)` : stage;
}

function nothing(answer) {
  if (answer.degraded.some((stage) => stage.startsWith("shard"))) return away();
  if (filtered()) {
    const button = el("button", {type: "button", class: "button", text: "Clear filters", onclick: clear});
    return inPlace("Nothing passes these filters", "There are products, but none of them is like this.", button);
  }
  const commands = "freshet demo\nfreshet import products.jsonl\n" +
    `curl ${location.origin}/v1/catalog -H 'Content-Type: application/json' \\\n  -d '{"type": "upsert", "sku": "lamp-1", "title": "Desk lamp", "stock": 3}'`;
  return inPlace("This shop is empty", "Put something in; it appears here by itself.", el("pre", {text: commands, tabindex: "0"}), true);
}

function away() {
  inPlace("No product can be shown right now", "The part that holds them does not answer. It is asked again.", null, true);
}

function inPlace(title, words, further, askAgain = false) {
  instead.hidden = false;
  if (instead.said !== title + words) instead.replaceChildren(el("h2", {text: title}), el("p", {text: words}), ...(further ? [further] : []));
  instead.said = title + words;  // the same is left as it is, and keeps the focus
  if (askAgain) again(RETRY_MS);
}

function failed(problem) {
  hits = [];
  origins = new Map();
  list.replaceChildren();
  more.hidden = true;
  at("said").replaceChildren(el("span", {class: "bad", text: problem.message}));
  if (problem.status === 503) return away();
  if (problem.status === 401 || problem.status === 403) return inPlace("This shop is not open to all", "", keyForm("Searching needs a key here; one that may only search will do.", () => {}, "Key"));
  const button = problem.status === 400 && filtered() ? el("button", {type: "button", class: "button", text: "Clear filters", onclick: clear}) : retry();
  const words = problem.status ? "The search was refused." : "Is it running? It is asked again every two seconds.";
  inPlace(problem.status ? "That did not work" : "Freshet does not answer", words, button, problem.status === 0 || problem.status >= 429);
}

const retry = () => el("button", {type: "button", class: "button", text: "Try again", onclick: () => search()});

/** Puts what the address says into the fields. */
export function fill() {
  const state = address.read();
  if (text.value.trim() !== state.q) text.value = state.q;
  sort.value = SORTS.includes(state.sort) ? state.sort : "";
  sort.closest(".pick").classList.toggle("chosen", SORTS.includes(state.sort));
  facets.fill(state, narrow);
  at("clear").hidden = !filtered();
  document.title = state.q ? `${state.q} – ${shopName}` : shopName;
}

const place = () => address.link({...address.read(), sku: ""});

/** After back or forward: asks again when another search stands in the address. */
export function follow() {
  typing = false;
  fill();
  if (place() !== asked) search();
}

function clear() {
  narrow(NOTHING_CHOSEN);
  text.focus();
}

/** Changes filters and asks. */
export function narrow(changes) {
  address.write(changes);
  fill();
  search();
}

/** `finished`: with Enter, so the last word is whole, and there is nothing to suggest. */
function typed({finished = false} = {}) {
  const q = text.value.trim();
  typing = Boolean(q) && !finished;
  address.write({q, exact: false}, {typing: true});
  fill();
  search();
  if (typing) suggestions.suggest(q);
  else suggestions.close();
}

/** What was picked of the suggestions, instead of what was typed; a product is opened by whoever listens. */
function take(kind, one) {
  clearTimeout(waiting);
  typing = false;
  if (kind === "products") return text.dispatchEvent(new CustomEvent("picked", {detail: one.sku}));
  if (kind === "brands") return narrow({q: "", brand: [one.name]});
  if (kind === "categories") return narrow({q: "", category: [one.path.join(" › ")]});
  text.value = one.text;
  typed({finished: true});
}

function step(event) {
  const all = [...list.querySelectorAll(".card a")], here = all.indexOf(document.activeElement);
  if (here < 0) return;
  const columns = getComputedStyle(list).gridTemplateColumns.split(" ").length;
  const moves = {ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns, Home: -here, End: all.length - 1 - here};
  if (!(event.key in moves)) return;
  event.preventDefault();
  const to = here + moves[event.key];
  if (to < 0 && event.key === "ArrowUp") text.focus();
  else all[Math.min(Math.max(to, 0), all.length - 1)]?.focus();
}

function anywhere(event) {
  const writing = event.target.closest("input, select, textarea, dialog");
  if (event.key !== "/" || writing || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  text.focus();
  text.select();
}

export function start() {
  text.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(typed, DEBOUNCE_MS);
  });
  text.addEventListener("keydown", (event) => {
    if (suggestions.key(event)) return;
    if (event.key === "Escape" && text.value) {
      text.value = "";
      typed();
    } else if (event.key === "ArrowDown") {
      event.preventDefault();
      list.querySelector(".card a")?.focus();
    }
  });
  at("search").addEventListener("submit", (event) => {
    event.preventDefault();
    clearTimeout(waiting);
    typed({finished: true});
  });
  filters.addEventListener("submit", (event) => event.preventDefault());
  filters.addEventListener("change", () => narrow(facets.chosen(address.read())));
  sort.addEventListener("change", () => narrow({sort: sort.value}));
  facets.start(() => search());
  at("clear").addEventListener("click", clear);
  more.addEventListener("click", async () => {
    const shown = hits.length;
    await search({further: true});
    list.children[shown]?.querySelector("a").focus();
  });
  list.addEventListener("keydown", step);
  document.addEventListener("keydown", anywhere);
  suggestions.start({pick: take});
  keyGiven.addEventListener("key", () => search());
  session.news.addEventListener("switched", () => search({slide: true}));
  fill();
  return search();
}
