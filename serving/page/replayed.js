// One answer made again: equal, or the first that differs, in words; then what if, and the file to share.

import {call, failed, headers, Problem} from "./api.js";
import {el, number, plural, sentence, time} from "./elements.js";

const VALUE_CHARS_MAX = 300, SHOWN_MAX = 8;
const SETTINGS = ["at", "ef", "rules", "limit", "page", "ranker", "mmr_lambda", "group_limit", "rank_stock", "rank_named", "rank_popularity", "rank_newness", "rank_price", "rank_new_days"];
const OUTCOME = /^(near|features|hits?|found|facet|degraded|documents|offers|lineage|the search)\b/;
const HINTS = {at: "10m, 2h, a time", rules: "none", ef: "64", limit: "50", page: "2", ranker: "rrf", rank_stock: "0"};
const WORDS = [
  [/^query vector/, "the query's vector is not the one that was recorded"],
  [/^session vector/, "the session's vector is not the one that was recorded"],
  [/^lineage of partition (\d+)/, "shard $1 had to be rebuilt from a snapshot of another lineage"],
  [/^documents of partition (\d+)/, "the products that shard $1 held then are not what the log and its snapshot hold now"],
  [/^offers of partition (\d+)/, "the prices and stocks that shard $1 held then are not what the log and its snapshot hold now"],
  [/^near of partition (\d+)/, "shard $1 holds the same products, and its graph found others"],
  [/^(settings|asked|weights)\b/, "the record was changed after it was written"],
  [/^the search/, "this version of the code does not answer it"],
  [/^(features|hits?|found|facet|degraded)\b/, "all inputs are the same, and this version of the code makes something else of them"],
];

/** Which input or stage it is that differs, in words. */
export function said(at) {
  const [pattern, words] = WORDS.find(([one]) => one.test(at)) || [/^/, "what it was made from is not the same"];
  const found = at.match(pattern);
  return words.replace("$1", found[1] ?? "");
}

/** What moved between two lists of SKUs: [sku, in words]. */
export function moved(then, now) {
  const rows = now.map((sku, nth) => [sku, then.indexOf(sku), nth]).filter(([, was, nth]) => was !== nth)
    .map(([sku, was, nth]) => [sku, was < 0 ? `enters at ${nth + 1}` : `${was > nth ? "up" : "down"} from ${was + 1} to ${nth + 1}`]);
  return [...rows, ...then.filter((sku) => !now.includes(sku)).map((sku) => [sku, `leaves ${then.indexOf(sku) + 1}`])];
}

const short = (value) => {
  const text = JSON.stringify(value);
  return text.length > VALUE_CHARS_MAX ? `${text.slice(0, VALUE_CHARS_MAX)}… (${number(text.length)} characters)` : text;
};

/** Asks for the answer again and shows in `place` what became of it. `settings`: name=value, what if; `sku`: where was it? */
export async function replay(place, answer, settings = [], sku = "") {
  const stopping = new AbortController(), began = performance.now(), waited = el("span");
  const tick = setInterval(() => { waited.textContent = time(performance.now() - began); }, 500);
  place.replaceChildren(el("div", {class: "replayed", "data-verdict": "waiting"},
    el("p", {}, "Its shards are rebuilt as they were, and it is made again. ", waited),
    el("p", {class: "acts"}, el("button", {class: "button", type: "button", text: "Cancel", onclick: () => stopping.abort()}))));
  try {
    const told = await call("POST", `/v1/answers/${encodeURIComponent(answer.request_id)}/replay`, {at_ms: answer.at_ms, set: settings, sku}, {signal: stopping.signal});
    place.replaceChildren(result(place, answer, told, settings));
  } catch (error) {
    if (error.name === "AbortError") place.replaceChildren(el("p", {class: "replayed", text: "It was cancelled."}));
    else place.replaceChildren(el("div", {class: "replayed", "data-verdict": "not replayable"}, failed(error, "Replays need the admin key.", () => replay(place, answer, settings, sku))));
  } finally {
    clearInterval(tick);
  }
}

function result(place, answer, told, settings) {
  const changed = settings.length > 0, [first] = changed ? told.differences.filter(({at}) => OUTCOME.test(at)) : told.differences;
  return el("div", {class: "replayed", "data-verdict": told.verdict},
    el("h4", {text: heading(told, settings, first)}),
    told.why ? el("p", {text: sentence(told.why)}) : null,
    told.verdict === "equal" ? el("p", {text: `${plural(told.skus_now.length, "hit", "hits")}, their order, scores and counts are what was answered.`}) : null,
    first ? difference(first, changed) : null,
    told.sku ? el("p", {}, el("b", {text: `${told.sku.sku}: `}), sentence(told.sku.says)) : null,
    moves(told),
    told.rebuilt.length ? el("p", {class: "when", text: `Rebuilt ${told.rebuilt.join("; ")}. It took ${time(told.took_s * 1000)}.`}) : null,
    instead(place, answer, settings), where(place, answer, settings),
    el("div", {class: "acts"}, ...(told.verdict === "not replayable" ? [] : share([answer])), el("a", {href: answer.link, text: "Link to this answer"})));
}

function heading({verdict}, settings, first) {
  if (verdict === "equal") return "Equal, byte for byte";
  if (verdict === "not replayable") return "It cannot be made again";
  if (first?.at === "the search") return settings.length ? "It cannot be asked for so" : "It fails";
  return settings.length ? `With ${settings.join(", ")} ${first ? "it differs" : "nothing of it changes"}` : "It differs";
}

function difference({at, then, now}, changed) {
  return el("div", {}, el("p", {}, el("b", {text: changed ? "The first that changes: " : "The first that differs: "}), el("code", {text: at}), changed ? "" : ` – ${said(at)}.`),
    at === "hits" ? null : el("dl", {}, el("dt", {text: "then"}), el("dd", {}, el("code", {text: short(then)})), el("dt", {text: "now"}), el("dd", {}, el("code", {text: short(now)}))));
}

function moves({skus_then: then, skus_now: now, verdict}) {
  const found = verdict === "different" ? moved(then, now) : [];
  if (!found.length) return null;
  return el("ul", {"aria-label": "What moves"}, ...found.slice(0, SHOWN_MAX).map(([sku, how]) => el("li", {}, el("a", {href: `/why?sku=${encodeURIComponent(sku)}`, text: sku}), ` ${how}`)),
    found.length > SHOWN_MAX ? el("li", {text: `and ${found.length - SHOWN_MAX} more`}) : null);
}

function instead(place, answer, [setting = ""]) {
  const [was, ...rest] = setting.split("=");
  const value = el("input", {required: true, size: 12, maxlength: 100, autocomplete: "off", value: rest.join("="), placeholder: HINTS[was || SETTINGS[0]]});
  const name = el("select", {onchange() { value.placeholder = HINTS[name.value] || ""; }}, ...SETTINGS.map((text) => el("option", {text, selected: text === was})));
  return el("form", {class: "instead", "aria-label": "What if", onsubmit(event) {
    event.preventDefault();
    replay(place, answer, [`${name.value}=${value.value.trim()}`]);
  }}, el("label", {}, "What if", name), el("label", {}, "were", value), el("button", {class: "button", text: "Ask"}),
  el("button", {class: "button", type: "button", text: "As it was", onclick: () => replay(place, answer)}));
}

function where(place, answer, settings) {
  const sku = el("input", {required: true, maxlength: 256, autocomplete: "off", spellcheck: "false"});
  return el("form", {class: "instead", "aria-label": "Where was a product", onsubmit(event) {
    event.preventDefault();
    replay(place, answer, settings, sku.value);
  }}, el("label", {}, "Where was SKU", sku), el("button", {class: "button", text: "Ask"}));
}

/** A button that downloads the bundle of these answers, and what to do with it. */
export function share(answers) {
  const name = answers.length === 1 ? "Share" : `Share these ${answers.length}`;
  const said = el("span", {role: "status"}), button = el("button", {class: "button", type: "button", text: name, onclick: () => (stopping ? stopping.abort() : send())});
  let stopping = null;
  async function send() {
    stopping = new AbortController();
    button.textContent = "Cancel";
    said.textContent = "It is packed…";
    try {
      said.replaceChildren(...saved(await packed(answers, stopping.signal), `incident-${answers[0].request_id.slice(0, 8)}.tar.gz`));
    } catch (error) {
      said.replaceChildren(error.name === "AbortError" ? "It was cancelled." : error instanceof Problem ? failed(error, "Bundles need the admin key.", send) : "Freshet does not answer.");
    } finally {
      stopping = null;
      button.textContent = name;
    }
  }
  return [button, said];
}

async function packed(answers, signal) {
  const body = JSON.stringify({answers: answers.map(({request_id, at_ms}) => ({request_id, at_ms}))});
  const response = await fetch("/v1/answers/bundle", {method: "POST", headers: headers({"Content-Type": "application/json"}), body, signal});
  if (response.ok) return response.blob();
  const told = await response.json().catch(() => ({}));
  throw new Problem(response.status, told.code, told.detail || `The answer was ${response.status}.`);
}

function saved(blob, file) {
  const link = el("a", {href: URL.createObjectURL(blob), download: file});
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  return [`${file}, ${number(Math.ceil(blob.size / 1000))} KB. Anywhere: `, el("code", {text: `freshet replay open ${file}`}),
    ". It holds queries and products as they were; sessions have pseudonyms."];
}
