// The open product: what it is, its variants, what is like it, the cart. A dialog: Escape closes it.

import {Problem, call} from "./api.js";
import * as address from "./address.js";
import {picture, priceOf, stockOf} from "./cards.js";
import * as cart from "./cart.js";
import {after, at, el, number, orderOf} from "./elements.js";
import * as explain from "./explain.js";
import {title} from "./facets.js";
import {VARIANTS} from "./declared.js";
import {similar, variants} from "./related.js";
import * as session from "./session.js";
import * as shop from "./shop.js";

const AT_ONCE = 8, VIEWED = ["feed", "variant", "cart", "explain"];
const dialog = at("product");
let hit = null, headed = "", closed = () => {}, clicked = false, opener = null, opens = () => {}, parts = [];

/** Opens a product; `from` says where it was chosen: in a list it counts as a click, elsewhere as a view. */
export async function open(sku, from, known = null) {
  if (hit?.sku === sku && dialog.open) return;
  clicked = from !== "address";
  if (!dialog.open) opener = document.activeElement;
  hit = known || shop.hitOf(sku) || null;
  if (hit) show(false);
  else notThere(sku, "Looking …");
  if (!dialog.open) dialog.showModal();
  dialog.scrollTop = 0;
  if (from === "result") session.send("click", sku, origin(sku));
  else if (from === "similar") session.send("click", sku);
  else if (VIEWED.includes(from)) session.send("view", sku);
  try {
    const found = await call("GET", `/v1/skus/${encodeURIComponent(sku)}`);
    if (!dialog.open || address.read().sku !== sku) return;
    hit = found.hit;
    show(true);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    if (dialog.open && address.read().sku === sku) notThere(sku, words(error));
  }
}

export function close() {
  if (dialog.open) dialog.close();
}

function origin(sku) {
  const query = address.read().q;
  return {...shop.originOf(sku), ...(query ? {query} : {})};
}

function words(problem) {
  const known = {
    deleted: "This product was deleted.",
    unknown_sku: "There is no such product.",
    waiting_for_encoder: "This product is accepted and not embedded yet.",
  };
  return known[problem.code] || problem.message;
}

function closer() {
  return el("button", {class: "icon close", type: "button", "aria-label": "Close", onclick: () => dialog.close(), text: "✕"});
}

function notThere(sku, text) {
  hit = null;
  headed = "";
  dialog.replaceChildren(closer(), el("div", {class: "sheet"}, el("div", {class: "facts"},
    el("p", {class: "brand", text: sku}), el("h2", {id: "product-title", text}),
    el("p", {}, el("a", {href: `/why?sku=${encodeURIComponent(sku)}`, text: "Why is it not live?"})))));
}

/** What a list says of it is shown at once; all of it when it is `whole`. What stays as it is keeps its elements. */
function show(whole) {
  const {sku, content: {title: named, brand, category, image_urls: images}, offer} = hit;
  const head = JSON.stringify([sku, named, brand, category, images, offer]);
  if (head !== headed) dialog.replaceChildren(closer(), el("div", {class: "sheet"}, picture(hit.content), facts(), el("div", {class: "rest"})));
  headed = head;
  if (!whole) return;
  const {description, locale} = hit.content;
  dialog.querySelector(".more").replaceChildren(variants(hit, opens),
    description ? el("p", {class: "description", lang: locale, text: description, tabindex: "0"}) : "");
  dialog.querySelector(".rest").replaceChildren(...parts.map((part) => part({current: () => hit, took})), details(), similar(hit, opens));
}

function facts() {
  const {sku, content, offer} = hit;
  const narrowed = (name, value) => () => { dialog.close(); shop.narrow({[name]: [value], sku: ""}); };
  const bought = el("p", {role: "status"});
  const buy = el("button", {class: "button first", type: "button", text: "Add to cart", onclick() {
    cart.add(hit, origin(sku));
    clicked = true;
    bought.textContent = "It is in your cart.";
  }});
  const asked = shop.hitOf(sku) && explain.possible()
    ? el("button", {class: "quiet", type: "button", text: "Why is it here?", onclick() { explain.open(sku); dialog.close(); }}) : null;
  return el("div", {class: "facts"},
    content.brand
      ? el("button", {class: "brand", type: "button", text: content.brand, title: "Only this brand", onclick: narrowed("brand", content.brand)})
      : el("p", {class: "brand", text: "\u00a0"}),
    el("h2", {id: "product-title", lang: content.locale, text: content.title}),
    content.category?.length
      ? el("p", {}, el("button", {class: "quiet", type: "button", text: content.category.join(" › "), title: "Only this category", onclick: narrowed("category", content.category.join(" › "))}))
      : null,
    el("p", {class: "now", id: "now"}, priceOf(offer), stockOf(offer)),
    el("div", {class: "buy"}, buy, asked, bought),
    el("div", {class: "more"}));
}

const A_DAY = /^\d{4}-\d\d-\d\d(T00:00:00(\.0+)?Z)?$/;

/** A detail in words; a moment at midnight is a day. */
function said(value) {
  if (Array.isArray(value)) return value.map(said).join(", ");
  if (typeof value === "boolean") return value ? "yes" : "no";
  const day = A_DAY.test(value) ? new Date(value) : NaN;
  return Number.isNaN(Number(day)) ? String(value) : day.toLocaleDateString(undefined, {dateStyle: "medium", timeZone: "UTC"});
}

function details() {
  const {content, offer, sku} = hit;
  const own = Object.entries(content.attributes || {}).filter(([name]) => !VARIANTS.includes(name));
  const rows = [...own.map(([name, value]) => [title(name), value]),
    ["SKU", sku], ["Availability", offer?.availability?.replaceAll("_", " ")], ["Page", content.url], ["Locale", content.locale],
  ].filter(([, value]) => value !== undefined && value !== null);
  const list = (some) => el("dl", {}, ...some.flatMap(([name, value]) => [el("dt", {text: name}), el("dd", {text: said(value)})]));
  const rest = rows.length > AT_ONCE
    ? el("details", {}, el("summary", {text: `All ${number(rows.length)} details`}), list(rows.slice(AT_ONCE))) : null;
  return el("section", {class: "details", "aria-label": "Details"}, el("h3", {text: "Details"}), list(rows.slice(0, AT_ONCE)), rest);
}

/** What a search found: the product as it is now, without taking the form away from under the fingers. */
function took(there) {
  hit = there;
  at("product-title").textContent = there.content.title;
  at("now").replaceChildren(priceOf(there.offer), stockOf(there.offer));
}

/** A change that the feed told, by whomever it was. */
export function told(change) {
  if (!hit || !dialog.open || change.sku !== hit.sku || change.waiting || change.title === null) return;
  if (!after(orderOf(change.event_id), hit.offer_order || hit.content_order)) return;
  took({...hit, content: {...hit.content, title: change.title}, offer: change.offer, offer_order: orderOf(change.event_id)});
}

/** `closed` is called after a product that was chosen; `open(sku, from, hit)` opens another one; each of `parts` makes a
 * further part of it, called with what tells the product as it is known now, and what takes it as it has become. */
export function start(given) {
  ({closed, open: opens, parts} = given);
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  dialog.addEventListener("close", () => {
    const sku = hit?.sku;
    hit = null;
    headed = "";
    address.leave();
    const card = sku && document.querySelector(`.card[data-sku="${CSS.escape(sku)}"] a`);
    (opener?.isConnected ? opener : card)?.focus();
    if (clicked) closed();
  });
}
