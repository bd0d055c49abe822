// The journey of one product: where it stands, what became of its events, what each replica shows.

import {call, failed} from "./api.js";
import {at, el, number, time} from "./elements.js";
import {showStuck} from "./stuck.js";

const AGAIN_MS = 1000;
const NOW = {shown: "Shown", waiting: "On its way", deleted: "Deleted", refused: "Refused", unknown: "Unknown", "not told": "Nobody answers"};
let asked = 0;

async function look(sku) {
  const mine = ++asked;
  const parts = sku ? await answered(sku) : [];
  if (mine === asked) at("told").replaceChildren(...parts);
}

async function answered(sku) {
  const mine = asked;
  try {
    const told = await call("GET", `/v1/skus/${encodeURIComponent(sku)}/journey`);
    if (told.now === "waiting") setTimeout(() => { if (mine === asked) look(sku); }, AGAIN_MS);
    return [verdict(told), replicas(told), events(told)];
  } catch (error) {
    return [failed(error, "Journeys need the key.", () => look(sku), {class: "verdict", "data-now": "refused"})];
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
  const items = found.map((one) => el("li", {"data-outcome": one.outcome || "waits"},
    el("p", {}, el("b", {text: one.outcome || "waits"}), ` ${one.type} ${one.fields.join(", ")} `, el("code", {text: one.id})),
    el("p", {class: "when", text: when(one.steps)}),
    el("p", {text: sentence(one.says)}),
    one.problems.length ? el("ul", {}, ...one.problems.map(({field, problem}) => el("li", {}, el("code", {text: field || "event"}), ` ${problem}`))) : null,
    one.do ? el("p", {}, el("b", {text: "What helps: "}), sentence(one.do)) : null));
  const none = found.length ? null : el("p", {text: "None is kept."});
  return el("section", {"aria-label": "Events"}, el("h3", {text: "Events, newest first"}), el("ol", {}, ...items), none,
    complete ? null : el("p", {text: "Older events were not looked for."}));
}

function when({received_ms: received, decided_ms: decided, embedded_ms: embedded, searchable_ms: searchable}) {
  if (!received) return "";
  const after = (name, ms) => ms ? `${name} ${time(Math.max(0, ms - received))} later` : null;
  const shown = Object.entries(searchable).map(([name, ms]) => after(`searchable on ${name}`, ms));
  return [`Received ${new Date(received).toLocaleString()}`, after("decided", decided), after("embedded", embedded), ...shown].filter(Boolean).join(", ");
}

function sentence(text) {
  return text ? `${text[0].toUpperCase()}${text.slice(1)}.` : "";
}

function fromAddress() {
  at("sku").value = new URLSearchParams(location.search).get("sku") || "";
  return look(at("sku").value);
}

at("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  history.pushState(null, "", `?sku=${encodeURIComponent(at("sku").value)}`);
  look(at("sku").value);
});
addEventListener("popstate", fromAddress);
fromAddress();
showStuck();
