// The journey of one product: where it stands, what became of its events, what each replica shows.

import {call, failed} from "./api.js";
import {at, el, number, sentence, time} from "./elements.js";
import {inSearch} from "./in_search.js";
import {showStuck} from "./stuck.js";

const AGAIN_MS = 1000;
const NOW = {shown: "Shown", waiting: "On its way", deleted: "Deleted", refused: "Refused", unknown: "Unknown", "not told": "Nobody answers"};
let asked = 0;

async function look(sku, words) {
  const mine = ++asked;
  const searched = sku && words ? [inSearch(sku, words, () => look(sku, words))] : [];
  const [first = [], ...rest] = await Promise.all([sku ? answered(sku, words) : [], ...searched]);
  const [now, ...others] = first;
  if (mine === asked) at("told").replaceChildren(...[now, ...rest, ...others].filter(Boolean));
}

async function answered(sku, words) {
  const mine = asked;
  try {
    const told = await call("GET", `/v1/skus/${encodeURIComponent(sku)}/journey`);
    if (told.now === "waiting") setTimeout(() => { if (mine === asked) look(sku, words); }, AGAIN_MS);
    return [verdict(told), replicas(told), events(told)];
  } catch (error) {
    return [failed(error, "Journeys need the key.", () => look(sku, words), {class: "verdict", "data-now": "refused"})];
  }
}

function verdict({now, says, do: remedy, waits_behind: behind}) {
  return el("section", {class: "verdict", "data-now": now, "aria-label": "Now"},
    el("h3", {text: NOW[now]}),
    el("p", {text: sentence(says)}),
    behind ? el("p", {text: `${number(behind)} records are before it.`}) : null,
    remedy ? el("p", {}, el("b", {text: "What helps: "}), sentence(remedy)) : null);
}

function replicas({replicas: found}) {
  const row = (one) => el("tr", {"data-newest": String(one.newest)},
    el("th", {scope: "row", text: one.replica}),
    el("td", {text: one.answers ? (one.shown ? "shown" : "not shown") : "does not answer"}),
    el("td", {text: one.content_event || "–"}),
    el("td", {text: one.offer_event || "–"}),
    el("td", {text: one.newest === null ? "–" : one.newest ? "yes" : "not yet"}));
  const head = ["Replica", "", "Content of event", "Price and stock of event", "The newest"].map((text) => el("th", {scope: "col", text}));
  return el("section", {"aria-label": "Replicas"}, el("h3", {text: "Replicas"}),
    el("div", {class: "wide"}, el("table", {}, el("thead", {}, el("tr", {}, ...head)), el("tbody", {}, ...found.map(row)))));
}

function events({events: found, complete}) {
  const unsaid = (one) => one.problems.filter(({problem}) => !one.says.includes(problem));
  const items = found.map((one) => el("li", {"data-outcome": one.outcome || "waits"},
    el("p", {}, el("b", {text: one.outcome || "waits"}), ` ${one.type} ${one.fields.join(", ")} `, el("code", {text: one.id})),
    el("p", {class: "when", text: when(one.steps, one.type === "delete" ? "gone from" : "searchable on")}),
    el("p", {text: sentence(one.says)}),
    unsaid(one).length ? el("ul", {}, ...unsaid(one).map(({field, problem}) => el("li", {}, el("code", {text: field || "event"}), ` ${problem}`))) : null,
    one.do ? el("p", {}, el("b", {text: "What helps: "}), sentence(one.do)) : null));
  const none = found.length ? null : el("p", {text: "None is kept."});
  return el("section", {"aria-label": "Events"}, el("h3", {text: "Events, newest first"}), el("ol", {}, ...items), none,
    complete ? null : el("p", {text: "Older events were not looked for."}));
}

function when({received_ms: received, decided_ms: decided, embedded_ms: embedded, searchable_ms: searchable}, there) {
  if (!received) return "";
  const after = (name, ms) => ms ? `${name} ${time(Math.max(0, ms - received))} later` : null;
  const shown = Object.entries(searchable).map(([name, ms]) => after(`${there} ${name}`, ms));
  return [`Received ${new Date(received).toLocaleString()}`, after("decided", decided), after("embedded", embedded), ...shown].filter(Boolean).join(", ");
}

function fromAddress() {
  const asked = new URLSearchParams(location.search);
  at("sku").value = asked.get("sku") || "";
  at("words").value = asked.get("q") || "";
  return look(at("sku").value, at("words").value);
}

at("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  const [sku, words] = [at("sku").value, at("words").value.trim()];
  history.pushState(null, "", `?${new URLSearchParams(words ? {sku, q: words} : {sku})}`);
  look(sku, words);
});
addEventListener("popstate", fromAddress);
fromAddress();
showStuck();
