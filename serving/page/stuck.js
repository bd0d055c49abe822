// Products whose newest event was received and is not shown: by reason, then one after the other, and as a table to keep.

import {call, failed} from "./api.js";
import {ago, at, el, number, plural} from "./elements.js";

const COLUMNS = ["sku", "reason", "code", "fields", "event", "since", "partition"];
const named = (one) => [one.reason, one.code].filter(Boolean).join(": ");
const address = (reason, after, limit) => `/v1/stuck?${new URLSearchParams({reason, after, limit})}`;

export async function showStuck() {
  try {
    let told = await call("GET", address("", "", 1));
    for (let before = Infinity; told.unread && told.unread < before;) {
      before = told.unread;
      at("stuck").replaceChildren(el("p", {text: `${plural(before, "outcome is", "outcomes are")} still to be read.`}));
      told = await call("GET", address("", "", 1));
    }
    at("stuck").replaceChildren(...overview(told));
  } catch (error) {
    at("stuck").replaceChildren(failed(error, "Stuck products need the key.", showStuck));
  }
}

function overview({total, reasons, at_ms: now, complete, degraded}) {
  const list = el("ol", {id: "stuck-list"});
  const row = (one) => el("tr", {},
    el("td", {class: "count", text: number(one.count)}),
    el("td", {}, el("button", {class: "link", text: named(one), onclick: () => more(list, one.code || one.reason, "")})),
    el("td", {text: `oldest ${ago(now - one.oldest_ms)}`}),
    el("td", {class: "says", text: `${one.says}; ${one.do}`}));
  const table = el("div", {class: "wide"}, el("table", {}, el("tbody", {}, ...reasons.map(row))));
  return [
    el("h3", {text: total ? plural(total, "stuck product", "stuck products") : "No product is stuck"}),
    total ? table : el("p", {text: "Every product is shown as its newest event says."}),
    complete ? null : el("p", {text: "There are more: not all that waits was looked through."}),
    degraded.length ? el("p", {text: `${degraded.join(", ")} does not answer: what waits for it is not counted.`}) : null,
    total ? el("button", {class: "button", text: "Save as CSV", onclick: save}) : null,
    list].filter(Boolean);
}

async function more(list, reason, after) {
  const told = await call("GET", address(reason, after, 50));
  if (!after) list.replaceChildren();
  list.append(...told.products.map((one) => el("li", {},
    el("a", {href: `?sku=${encodeURIComponent(one.sku)}`, text: one.sku}), ` ${named(one)} ${one.fields.join(", ")} `,
    el("span", {class: "when", text: ago(told.at_ms - one.since_ms)}))));
  const next = told.next && el("button", {class: "button", text: "More", onclick: () => { next.remove(); more(list, reason, told.next); }});
  if (next) list.append(next);
}

async function save() {
  // A spreadsheet would work out what looks like a formula, and a merchant chooses the SKU.
  const quoted = (value) => `"${String(value).replace(/^(?=[=+\-@\t\r])/, "'").replaceAll('"', '""')}"`;
  const lines = [COLUMNS.join(",")];
  for (let after = ""; after !== null;) {
    const told = await call("GET", address("", after, 1000));
    const line = (one) => ({...one, since: new Date(one.since_ms).toISOString(), fields: one.fields.join(" ")});
    lines.push(...told.products.map(line).map((one) => COLUMNS.map((name) => quoted(one[name])).join(",")));
    after = told.next;
  }
  const link = el("a", {href: URL.createObjectURL(new Blob([`${lines.join("\n")}\n`], {type: "text/csv"})), download: "stuck.csv"});
  link.click();
  URL.revokeObjectURL(link.href);
}
