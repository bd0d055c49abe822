// Refused events: by reason and merchant, each with what is wrong marked in it, and mended or sent again as it was.

import {call, failed} from "./api.js";
import {ago, at, el, number} from "./elements.js";

let reason = "";

async function list(before = null) {
  try {
    const told = await call("GET", `/v1/dead-letters?${asked(before)}`);
    if (before === null) {
      at("letters").replaceChildren();
      at("groups").replaceChildren(...groups(told));
    }
    at("letters").append(...told.letters.map(line));
    if (told.next === null) return;
    const more = el("li", {}, el("button", {class: "button", text: "More", onclick: () => { more.remove(); list(told.next); }}));
    at("letters").append(more);
  } catch (error) {
    at("groups").replaceChildren(failed(error, "Refused events need the key.", () => list(before)));
  }
}

function asked(before) {
  const given = new FormData(at("only")), only = new URLSearchParams({limit: 50});
  for (const name of ["merchant", "sku"]) if (given.get(name)) only.set(name, given.get(name));
  for (const name of ["since", "until"]) if (given.get(name)) only.set(`${name}_ms`, new Date(given.get(name)).getTime());
  if (reason) only.set("reason", reason);
  if (before !== null) only.set("before", before);
  return only;
}

function groups({groups: found, complete}) {
  const row = (one) => el("tr", {},
    el("td", {text: number(one.count)}),
    el("td", {}, el("button", {class: "link", text: one.reason, onclick: () => { reason = one.reason; list(); }})),
    el("td", {text: one.merchant || "–"}),
    el("td", {text: ago(Date.now() - one.newest_ms)}));
  return [
    found.length ? el("div", {class: "wide"}, el("table", {}, el("tbody", {}, ...found.map(row)))) : el("p", {text: "No event was refused."}),
    complete ? null : el("p", {text: "Older ones were not looked through."}),
    reason ? el("button", {class: "button", text: `All reasons, not only ${reason}`, onclick: () => { reason = ""; list(); }}) : null].filter(Boolean);
}

function line(one) {
  return el("li", {},
    el("p", {}, el("button", {class: "link", text: one.sku || one.id, onclick: () => open(one.id)}), ` ${one.reason} ${one.fields.join(", ")} `,
      el("span", {class: "when", text: [one.merchant, ago(Date.now() - one.at_ms)].filter(Boolean).join(", ")})),
    el("p", {text: one.message}));
}

async function open(id) {
  try {
    at("letter").replaceChildren(whole(await call("GET", `/v1/dead-letters/${encodeURIComponent(id)}`)));
    at("letter").scrollIntoView({block: "nearest"});
  } catch (error) {
    at("letter").replaceChildren(failed(error, "It needs the key.", () => open(id)));
  }
}

function whole(one) {
  const mended = el("textarea", {"aria-label": "The event, to be mended", spellcheck: "false"}), said = el("p", {role: "status"});
  mended.value = one.original;
  const send = async (body) => {
    try {
      const done = await call("POST", `/v1/dead-letters/${encodeURIComponent(one.id)}/resubmit`, body);
      said.replaceChildren("Sent again as event ", el("code", {text: done.event_id}), ". ", el("a", {href: `/why?sku=${encodeURIComponent(one.sku)}`, text: "What becomes of it?"}));
    } catch (error) {
      said.replaceChildren(failed(error, "Sending needs the key.", () => send(body)));
    }
  };
  const parsed = () => {
    try {
      send(JSON.parse(mended.value));
    } catch {
      said.textContent = "This is no JSON.";
    }
  };
  const sent = one.superseded_by
    ? [el("p", {text: `${one.why_not}: nothing needs to be sent.`})]
    : [...(one.stage === "catalog" ? [mended, el("button", {class: "button first", text: "Send it mended", onclick: parsed})] : []),
       one.can_resubmit ? el("button", {class: "button", text: "Send it as it was", onclick: () => send()}) : null];
  return el("section", {"aria-label": "Refused event"},
    el("h3", {text: `${one.sku || one.id}: ${one.reason}`}),
    el("p", {text: `${one.meaning} ${one.who === "merchant" ? "Its merchant has to act." : "Whoever runs Freshet has to act."}`}),
    marked(one), el("ul", {}, ...one.marks.map(({field, problem}) => el("li", {}, el("code", {text: field || "event"}), ` ${problem}`))),
    ...sent, said);
}

/** The original with each wrong part in a mark, counted in characters; parts that lie in another are not marked again. */
function marked({original, marks}) {
  const text = el("pre"), letters = [...original], part = (start, end) => letters.slice(start, end).join("");
  let from = 0;
  const spans = marks.filter((one) => one.start !== null && one.start < letters.length).sort((a, b) => a.start - b.start);
  for (const {start, end, field, problem} of spans) {
    if (start < from) continue;
    text.append(part(from, start), el("mark", {title: `${field} ${problem}`, text: part(start, end)}));
    from = end;
  }
  text.append(part(from));
  return text;
}

at("only").addEventListener("submit", (event) => {
  event.preventDefault();
  list();
});
list();
