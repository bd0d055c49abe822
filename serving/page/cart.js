// The cart of this tab, and an order that sells nothing: each step is an event of the session.

import {at, el, money, plural} from "./elements.js";
import * as session from "./session.js";

const CART = "freshet.cart", QUANTITY_MAX = 99;
const basket = at("basket"), button = at("cart");
let open = () => {};

/** [{sku, title, price, quantity, from}]; `from`: the answer that the product came with. */
function items() {
  try {
    return JSON.parse(sessionStorage.getItem(CART)) || [];
  } catch {
    return [];
  }
}

function keep(all) {
  sessionStorage.setItem(CART, JSON.stringify(all));
  count();
}

const paid = ({price, quantity}) => ({quantity, ...(price ? {price} : {})});

export function add({sku, content, offer}, from) {
  const all = items(), there = all.find((one) => one.sku === sku);
  if (there) there.quantity = Math.min(there.quantity + 1, QUANTITY_MAX);
  else all.push({sku, title: content.title, price: offer?.price || null, quantity: 1, from});
  keep(all);
  return session.send("add_to_cart", sku, {...from, ...paid({price: offer?.price, quantity: 1})});
}

function count() {
  const many = items().reduce((sum, {quantity}) => sum + quantity, 0);
  button.hidden = !many;
  button.textContent = `Cart: ${plural(many, "item", "items")}`;
}

/** What all of it costs, by currency. */
function totals(all) {
  const sums = new Map();
  for (const {price, quantity} of all) if (price) sums.set(price.currency, (sums.get(price.currency) || 0) + price.amount * quantity);
  return [...sums].map(([currency, amount]) => money({amount, currency})).join(" + ");
}

function row(one) {
  const shown = el("button", {type: "button", class: "quiet", text: one.title, onclick() { basket.hidePopover(); open(one.sku, "cart"); }});
  const away = el("button", {type: "button", class: "icon", "aria-label": `Take out ${one.title}`, text: "✕", onclick() {
    keep(items().filter(({sku}) => sku !== one.sku));
    show();
  }});
  const price = one.price ? money({...one.price, amount: one.price.amount * one.quantity}) : "no price";
  return el("li", {}, shown, el("span", {text: `${one.quantity} ×`}), el("b", {text: price}), away);
}

function show() {
  const all = items();
  if (!all.length) return basket.replaceChildren(el("p", {text: "Nothing is in the cart."}));
  basket.replaceChildren(el("h2", {text: "Cart"}), el("ul", {}, ...all.map(row)),
    el("p", {class: "total"}, "Together ", el("b", {text: totals(all)})),
    el("button", {type: "button", class: "button first", text: "Order", onclick: order}));
}

function order() {
  const all = items();
  keep([]);
  for (const one of all) session.send("purchase", one.sku, {...one.from, ...paid(one)});
  basket.replaceChildren(el("h2", {text: "Thank you"}),
    el("p", {role: "status", text: "This shop is for trying: nothing is sold or sent. Your purchases are in the log, and count for what is popular."}));
}

/** `show(sku, from)` opens a product. */
export function start(showProduct) {
  open = showProduct;
  basket.addEventListener("beforetoggle", ({newState}) => { if (newState === "open") show(); });
  session.news.addEventListener("forgotten", () => keep([]));
  count();
}
