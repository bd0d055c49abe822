// The list of changes: newest first, each with its time from event to searchable; it stands still under the pointer.

import {ago, at, drawn, el, inStock, money, number, plural, time} from "./elements.js";

const ROWS_MAX = 60, HELD_MAX = 60, TITLES_MAX = 2000;
const KINDS = {
  new: ["M12 5v14M5 12h14", "new product"],
  content: ["M5 19l1-4L16 5l3 3L9 18l-4 1Z", "content changed"],
  offer: ["M4 12V4h8l8 8-8 8-8-8Zm4.5-3.5v.01", ""],
  deleted: ["M5 12h14", "deleted"],
  rejected: ["M12 6v7m0 4.5v.01", "rejected"],
  unchanged: ["M6 9.5h12M6 14.5h12", "nothing changed"],
  superseded: ["M6 9.5h12M6 14.5h12", "older than what is known"],
  duplicate: ["M6 9.5h12M6 14.5h12", "seen before"],
};
const NOTHING = ["unchanged", "superseded", "duplicate"];
const list = at("changes"), heldButton = at("held"), rows = new Map(), known = new Map();
let arrived = [], held = [], looked = false, asked = 0;

/** What is known of a product, so that a later change can say what it was before. */
export function learn(sku, title, offer) {
  known.delete(sku);
  known.set(sku, {title, offer});
  if (known.size > TITLES_MAX) known.delete(known.keys().next().value);
}

export function add(change) {
  arrived.push(change);
  if (!asked) asked = requestAnimationFrame(flush);
}

export function more(count) {
  add({more: count});
}

function flush() {
  asked = 0;
  const come = arrived;
  arrived = [];
  for (const one of come) if (rows.has(one.event_id)) fill(rows.get(one.event_id), one);
  held.push(...come.filter((one) => one.more || !rows.has(one.event_id)));
  if (held.length > HELD_MAX) held = held.slice(-HELD_MAX);
  if (looked) {
    const count = new Set(held.filter((one) => !one.more).map((one) => one.event_id)).size;
    heldButton.hidden = !count;
    heldButton.textContent = `${plural(count, "new change", "new changes")}`;
  } else release();
}

function release() {
  heldButton.hidden = true;
  for (const one of held) {
    if (one.more) list.prepend(many(one.more));
    else if (rows.has(one.event_id)) fill(rows.get(one.event_id), one);  // it waited, and has ended since
    else list.prepend(rowOf(one));
  }
  held = [];
  while (list.children.length > ROWS_MAX) {
    const row = list.lastChild;
    if (rows.get(row.dataset.event) === row) rows.delete(row.dataset.event);
    row.remove();
  }
}

function many(count) {
  const top = list.firstElementChild;
  if (top?.count) {
    count += top.count;
    top.remove();
  }
  const row = el("li", {}, el("p", {class: "many"}, el("span", {text: `and ${number(count)} more`})));
  row.count = count;
  return row;
}

function rowOf(change) {
  const row = el("li", {class: "in", "data-event": change.event_id, "data-sku": change.sku});
  rows.set(change.event_id, row);
  fill(row, change);
  return row;
}

function fill(row, change) {
  const before = known.get(change.sku);
  const [path, words] = KINDS[change.kind] || KINDS.unchanged;
  const what = change.kind === "offer" ? offerWords(change.offer, row.earlier || before?.offer)
    : change.kind === "rejected" ? change.meaning || change.reason
    : change.kind === "new" && change.offer?.price ? `${words}, ${money(change.offer.price)}` : words;
  row.earlier ??= before?.offer;
  row.at = change.received_ms;
  row.dataset.kind = change.waiting ? "waiting" : NOTHING.includes(change.kind) ? "none" : change.kind;
  const title = change.title || before?.title || change.sku;
  row.replaceChildren(el("button", {type: "button"},
    el("span", {class: "kind"}, drawn(path)),
    el("span", {class: "name", text: title}),
    took(change),
    el("span", {class: "what", text: what}),
    el("span", {class: "ago", text: ago(Date.now() - change.received_ms)})));
  if (change.title !== null) learn(change.sku, change.title, change.offer);
}

function took(change) {
  if (change.total_ms !== null) return el("span", {class: "took", text: time(change.total_ms)});
  if (change.waiting) return el("span", {class: "took still", text: change.waiting === "embed" ? "embedding" : "applying"});
  return el("span", {class: "took no", text: NOTHING.includes(change.kind) || change.kind === "rejected" ? "" : "overtaken"});
}

/** "price 19,99 € → 17,99 €, 3 in stock": what is new of an offer, or all of it when the old one is not known. */
function offerWords(offer, before) {
  if (!offer) return "no price and stock";
  const parts = [], price = offer.price && money(offer.price), old = before?.price && money(before.price);
  if (price && (!before || price !== old)) parts.push(old ? `price ${old} → ${price}` : price);
  if (!before || offer.stock !== before.stock) {
    if (offer.stock === null || offer.stock === undefined) parts.push(inStock(offer) ? "in stock" : "sold out");
    else parts.push(before && before.stock !== null ? `stock ${number(before.stock)} → ${number(offer.stock)}` : offer.stock ? `${number(offer.stock)} in stock` : "sold out");
  }
  if (before && offer.availability !== before.availability) parts.push((offer.availability || "availability not stated").replaceAll("_", " "));
  return before ? parts.join(", ") || "price or stock" : `now ${parts.join(", ") || "without price and stock"}`;
}

export function start(open) {
  const hold = (holds) => () => {
    looked = holds;
    if (!holds) release();
  };
  list.addEventListener("pointerenter", hold(true));
  list.addEventListener("pointerleave", hold(false));
  list.addEventListener("focusin", hold(true));
  list.addEventListener("focusout", hold(false));
  heldButton.addEventListener("click", () => { release(); list.scrollTop = 0; });
  list.addEventListener("click", (event) => {
    const row = event.target.closest("li[data-sku]");
    if (row) open(row.dataset.sku);
  });
  setInterval(() => {
    for (const row of list.children) if (row.at) row.querySelector(".ago").textContent = ago(Date.now() - row.at);
  }, 1000);
}
