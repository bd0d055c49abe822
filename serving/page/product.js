// The open product: all its fields, the cart, and the form that changes it. A dialog: Escape closes it.

import {Problem, call, keyForm} from "./api.js";
import * as address from "./address.js";
import {picture, priceOf, stockOf} from "./cards.js";
import {after, at, el, orderOf} from "./elements.js";
import {Journey} from "./journey.js";
import * as session from "./session.js";
import * as shop from "./shop.js";

const dialog = at("product");
let hit = null, closed = () => {}, clicked = false, journey = null, opener = null;

/** Opens a product; `from` says where it was chosen: in a result it counts as a click, elsewhere as a view. */
export async function open(sku, from, known = null) {
  if (hit?.sku === sku && dialog.open) return;
  journey?.stop();
  clicked = from !== "address";
  opener = document.activeElement;
  hit = known || shop.hitOf(sku) || null;
  if (hit) show();
  else notThere(sku, "Looking …");
  if (!dialog.open) dialog.showModal();
  dialog.scrollTop = 0;
  if (from === "result") session.send("click", sku, origin(sku));
  else if (from === "feed") session.send("view", sku);
  try {
    const found = await call("GET", `/v1/skus/${encodeURIComponent(sku)}`);
    if (!dialog.open || address.read().sku !== sku) return;
    const news = !hit || JSON.stringify([hit.content, hit.offer]) !== JSON.stringify([found.hit.content, found.hit.offer]);
    hit = found.hit;
    if (news) show();
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
  dialog.replaceChildren(closer(), el("div", {class: "sheet"}, el("div", {class: "facts"},
    el("p", {class: "brand", text: sku}), el("h2", {id: "product-title", text}), why(sku, "Why is it not live?"))));
}

function why(sku, text) {
  return el("p", {}, el("a", {href: `/why?sku=${encodeURIComponent(sku)}`, text}));
}

function show() {
  const {content, offer} = hit;
  const narrowed = (name, value) => () => { dialog.close(); shop.narrow({[name]: value, sku: ""}); };
  const bought = el("p", {role: "status"});
  const buy = el("button", {class: "button first", type: "button", text: "Add to cart", onclick() {
    session.addToCart(hit.sku, hit.offer, origin(hit.sku));
    clicked = true;
    bought.textContent = "It is in your cart.";
  }});
  dialog.replaceChildren(closer(), el("div", {class: "sheet"},
    picture(content),
    el("div", {class: "facts"},
      content.brand
        ? el("button", {class: "brand", type: "button", text: content.brand, title: "Only this brand", onclick: narrowed("brand", content.brand)})
        : el("p", {class: "brand", text: "\u00a0"}),
      el("h2", {id: "product-title", text: content.title}),
      el("p", {class: "now", id: "now"}, priceOf(offer), stockOf(offer)),
      content.category?.length
        ? el("p", {}, el("button", {class: "quiet", type: "button", text: content.category.join(" › "), title: "Only this category", onclick: narrowed("category", content.category.join(" › "))}))
        : null,
      content.description ? el("p", {class: "description", text: content.description, tabindex: "0"}) : null,
      el("div", {class: "buy"}, buy, bought)),
    details(),
    change()));
}

function details() {
  const {content, offer, sku} = hit;
  const rows = [["SKU", sku], ["Availability", offer?.availability], ["Page", content.url], ["Locale", content.locale],
    ...Object.entries(content.attributes || {}),
    ["Event of the content", hit.content_order.join("-")], ["Event of the offer", hit.offer_order?.join("-")]];
  const list = el("dl");
  for (const [name, value] of rows) {
    if (value === undefined || value === null) continue;
    list.append(el("dt", {text: name}), el("dd", {text: Array.isArray(value) ? value.join(", ") : String(value)}));
  }
  return el("details", {class: "details"}, el("summary", {text: "All fields"}), list, why(sku, "Its events, and what each replica shows"));
}

function change() {
  const {content, offer} = hit;
  const field = (label, name, value, more) => el("label", {}, label, el("input", {name, value: value ?? "", autocomplete: "off", ...more}));
  const form = el("form", {onsubmit: save, novalidate: true},
    field("Title", "title", content.title, {maxlength: 1000, required: true}),
    field("Price", "amount", offer?.price?.amount, {type: "number", min: 0, max: 1e9, step: "any", inputmode: "decimal"}),
    field("Currency", "currency", offer?.price?.currency || "EUR", {maxlength: 3, pattern: "[A-Z]{3}", required: true}),
    field("Stock", "stock", offer?.stock, {type: "number", min: 0, max: 1e9, step: 1, inputmode: "numeric"}),
    el("button", {class: "button first", text: "Save and watch"}));
  return el("section", {class: "change", "aria-labelledby": "change-title"},
    el("h3", {id: "change-title", text: "Change it, and watch"}),
    el("p", {text: "As a merchant’s system would: an event goes into the log, and the clock runs until a search finds it."}),
    form, el("div", {id: "outcome"}));
}

/** Only what differs: a price alone is never embedded again. */
function changes(fields) {
  const {content, offer} = hit, found = {};
  const title = fields.title.value.trim();
  if (title !== content.title) found.title = title;
  const amount = fields.amount.value === "" ? null : Number(fields.amount.value), currency = fields.currency.value.trim().toUpperCase();
  if (amount !== (offer?.price?.amount ?? null) || (amount !== null && currency !== offer.price.currency)) {
    found.price = amount === null ? null : {amount, currency};
  }
  const stock = fields.stock.value === "" ? null : Number(fields.stock.value);
  if (stock !== (offer?.stock ?? null)) found.stock = stock;
  return found;
}

async function save(event) {
  event?.preventDefault();
  const form = dialog.querySelector(".change form"), outcome = at("outcome"), button = form.querySelector("button");
  const wrong = [...form.elements].find((field) => field.validity && !field.validity.valid);
  const found = changes(form.elements);
  if (wrong || !Object.keys(found).length) {
    outcome.replaceChildren(el("p", {class: "problem", role: "alert", text: wrong
      ? `${wrong.labels[0].firstChild.textContent}: ${wrong.validationMessage}` : "Nothing is different yet: change a field first."}));
    wrong?.focus();
    return;
  }
  button.disabled = true;
  journey?.stop();
  journey = new Journey(outcome, hit, found);
  try {
    const there = await journey.run();
    if (there && hit?.sku === there.sku) took(there);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    outcome.replaceChildren(error.status === 401
      ? keyForm("Changing products needs the admin key here (FRESHET_ADMIN_KEY): anybody may search, not anybody may write.", save)
      : el("p", {class: "problem", role: "alert", text: error.message}));
    outcome.querySelector("input")?.focus();
  } finally {
    button.disabled = false;
  }
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

export function start(given) {
  closed = given.closed;
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  dialog.addEventListener("close", () => {
    journey?.stop();
    const sku = hit?.sku;
    hit = null;
    address.leave();
    const card = sku && document.querySelector(`.card[data-sku="${CSS.escape(sku)}"] a`);
    (opener?.isConnected ? opener : card)?.focus();
    if (clicked) closed();
  });
}
