// Changes the open product as a merchant's system would, and watches until a search finds it.

import {Problem, keyForm} from "./api.js";
import {at, el} from "./elements.js";
import {Journey} from "./journey.js";

let current = () => null, took = () => {}, journey = null;

/** The part of an open product that changes it. `current()` is the product as it is known now, null when it is closed;
 * `took` is called with it as a search found it. */
export function change(open) {
  ({current, took} = open);
  journey?.stop();
  const {sku, content, offer, content_order: made, offer_order: offered} = current();
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
    form, el("div", {id: "outcome"}),
    el("p", {}, `Its content is of the event ${made.join("-")}${offered ? `, price and stock of ${offered.join("-")}` : ""}. `,
      el("a", {href: `/why?sku=${encodeURIComponent(sku)}`, text: "Its events, and what each replica shows"})));
}

/** Only what differs: a price alone is never embedded again. */
function changes(fields) {
  const {content, offer} = current(), found = {};
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
  const form = document.querySelector(".change form"), outcome = at("outcome"), button = form.querySelector("button");
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
  journey = new Journey(outcome, current(), found);
  try {
    const there = await journey.run();
    if (there && current()?.sku === there.sku) took(there);
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

at("product").addEventListener("close", () => journey?.stop());
