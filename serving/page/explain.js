// The drawer that tells why products stand where they stand: what was understood, where they come from, what each score is made of.

import {at, el, number, time} from "./elements.js";

const drawer = at("explain"), button = at("why");
const FEATURES = {named: "named in the query", popularity: "popular", newness: "new", price: "priced unlike the others"};
const VECTORS = {encoder: "encoded now", memory: "known from before", cache: "known from before", none: "none: words alone"};
const MATCH = {passing: "every product", words: "products that hold all of the words, or have the code", candidates: "the best by words and by meaning"};
let shown = [], answer = null, wanted = "", told = true, ask = () => {}, openProduct = () => {};

export const isOpen = () => !drawer.hidden;

/** Whether the tier explains to who asks with this key. */
export const possible = () => told;

/** Opens it at a product, or from its beginning. */
export function open(sku = "") {
  wanted = sku;
  drawer.hidden = false;
  button.setAttribute("aria-expanded", "true");
  drawer.replaceChildren(head(), el("p", {text: "Asking …"}));
  drawer.focus({preventScroll: true});
  ask();
}

export function close() {
  drawer.hidden = true;
  drawer.replaceChildren();
  button.setAttribute("aria-expanded", "false");
}

/** Takes the next answer; `further`: its hits come behind those before. */
export function show(next, further) {
  if (!isOpen()) return;
  shown = [...(further ? shown : []), ...next.hits];
  answer = further && answer ? {...next, explain: next.explain && {...next.explain, hits: {...answer.explain?.hits, ...next.explain.hits}, moves: {...answer.explain?.moves, ...next.explain.moves}}} : next;
  told = Boolean(answer.explain);
  drawer.replaceChildren(head(), ...(told ? parts() : [el("p", {text: "This key does not see all products, so the tier does not tell how they were ranked."})]));
  const row = wanted && [...drawer.querySelectorAll("li")].find((one) => one.dataset.sku === wanted);
  if (!row) return;
  row.scrollIntoView({block: "center"});
  row.classList.add("wanted");
  row.querySelector("button").focus({preventScroll: true});
  wanted = "";
}

function head() {
  return el("header", {}, el("h2", {id: "explain-title", text: "Why this order?"}),
    el("button", {type: "button", class: "icon", "aria-label": "Close the explanation", text: "✕", onclick() { close(); button.focus(); }}));
}

function parts() {
  const {explain} = answer;
  return [understood(), stages(explain), candidates(explain), scores(explain)].filter(Boolean);
}

function section(title, ...children) {
  return el("section", {}, el("h3", {text: title}), ...children);
}

function understood() {
  const {corrected, understood: read, fallback} = answer;
  const said = [
    ...(corrected?.words || []).map(({typed, instead}) => `“${typed}” was searched as “${instead}”`),
    ...(read?.notes || []).map(({text, means}) => `“${text}”: ${means}`),
    ...Object.entries(answer.explain.synonyms).map(([word, ways]) => `“${word}” also as ${ways.map((way) => `“${[].concat(way).join(" ")}”`).join(", ")}`),
    ...(fallback ? [`too little was found: the step “${fallback.step}” gave these`] : []),
  ];
  return said.length ? section("Understood", el("ul", {class: "notes"}, ...said.map((text) => el("li", {text})))) : null;
}

function stages({stages_ms: spent, query_vector: vector}) {
  const rows = Object.entries(spent), most = Math.max(...rows.map(([, ms]) => ms), 0.1);
  const skipped = answer.degraded.length ? el("p", {class: "warn", text: `Left out: ${answer.degraded.join(", ")}`}) : null;
  return section(`${time(answer.took_ms)} in all`, el("dl", {class: "stages"}, ...rows.flatMap(([name, ms]) => [
    el("dt", {text: name}), el("dd", {}, meter(ms / most), el("span", {text: `${ms.toFixed(1)} ms`}))])),
    skipped, el("p", {text: `Vector of the query: ${VECTORS[vector] || vector}.`}));
}

function candidates({candidates: by, words, match}) {
  const rows = Object.entries(by).map(([partition, {words: one, meaning}]) =>
    `Shard ${partition}: ${number(one)} by words, ${number(meaning)} by meaning`);
  const share = words?.share === undefined || words.share === null ? null : `Words count ${percent(words.share)}, meaning ${percent(1 - words.share)}.`;
  return section("Candidates", el("ul", {class: "notes"}, ...rows.map((text) => el("li", {text}))),
    share ? el("p", {text: share}) : null, match ? el("p", {text: `Counted and filtered: ${MATCH[match] || match}.`}) : null);
}

function scores(explain) {
  const {hits} = explain;
  const rows = shown.map((hit, at) => [hit, hits[hit.sku], at + 1]);
  const most = Math.max(...rows.map(([, one]) => one?.rank_score ?? one?.relevance ?? 0), 0.000001);
  return section("Each product", el("ol", {class: "scores"}, ...rows.map(([hit, one, place]) => score(hit, one || {}, place, most, explain))));
}

function score(hit, one, place, most, {ranking, moves}) {
  const moved = moves?.[hit.sku]?.rank_before !== moves?.[hit.sku]?.rank && moves[hit.sku];
  const total = one.rank_score ?? one.relevance ?? hit.relevance;
  const from = [
    one.words?.rank && `no. ${one.words.rank} by words`,
    one.meaning?.rank && `no. ${one.meaning.rank} by meaning${one.meaning.score === null ? "" : ` (cosine ${one.meaning.score.toFixed(2)})`}`,
    moved && `your clicks moved it from place ${moved.rank_before}`,
  ].filter(Boolean);
  return el("li", {"data-sku": hit.sku},
    el("button", {type: "button", class: "quiet", onclick: () => openProduct(hit.sku, "explain", hit)}, `${place}. `, el("span", {lang: hit.content.locale, text: hit.content.title})),
    total === null || total === undefined ? null : el("div", {class: "total"}, meter(total / most), el("b", {text: total.toFixed(3)})),
    el("p", {text: from.length ? `${from.join(", ")}.` : "Not searched for: newest first."}),
    made(one, ranking));
}

/** "relevance 0.94, named in the query +10 %, sold out × 0.5". */
function made({features, relevance}, ranking) {
  if (!features || !ranking?.weights) return null;
  const {weights} = ranking;
  const terms = Object.entries(FEATURES).map(([name, says]) => [says, (weights[name] || 0) * (features[name] || 0) * (name === "price" ? -1 : 1)]);
  const said = terms.filter(([, share]) => Math.abs(share) >= 0.0005).map(([says, share]) => `${says} ${share > 0 ? "+" : "−"}${percent(Math.abs(share))}`);
  if (!features.in_stock) said.push(`sold out × ${weights.stock}`);
  return el("p", {text: `Relevance ${relevance.toFixed(3)}${said.length ? `; ${said.join("; ")}` : ""}.`});
}

const percent = (share) => `${(share * 100).toFixed(share < 0.1 ? 1 : 0)} %`;

function meter(share) {
  const bar = el("i", {class: "meter", "aria-hidden": "true"});
  bar.style.setProperty("--share", `${Math.max(1, Math.min(1, share) * 100)}%`);
  return bar;
}

/** `show(sku, from, hit)` opens a product; `again` asks for an answer that explains itself. */
export function start(show, again) {
  [openProduct, ask] = [show, again];
  button.addEventListener("click", () => (isOpen() ? close() : open()));
  drawer.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    close();
    button.focus();
  });
}
