// What this visitor does: a session that lives as long as the tab, clicks sent as they happen, a cart that only counts.

import {call} from "./api.js";
import {at, plural} from "./elements.js";

const ID = "freshet.session", PERSONALISE = "freshet.personalise", CART = "freshet.cart", ACTED = "freshet.acted";

export const news = new EventTarget();

export function id() {
  let known = sessionStorage.getItem(ID);
  if (!known) {
    known = [...crypto.getRandomValues(new Uint8Array(12))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    sessionStorage.setItem(ID, known);
  }
  return known;
}

export const personalise = () => sessionStorage.getItem(PERSONALISE) !== "no";
export const acted = () => sessionStorage.getItem(ACTED) === "yes";

/** Sends a view, click or add_to_cart. A shopper is never told when that fails: the click is just not counted. */
export async function send(type, sku, more = {}) {
  sessionStorage.setItem(ACTED, "yes");
  show();
  const click = {schema_version: 1, type, session: id(), sku, at_ms: Date.now(), ...more};
  await call("POST", "/v1/clicks", click, {keepalive: true}).catch(() => null);
  news.dispatchEvent(new Event("clicked"));
}

export function addToCart(sku, offer, more) {
  const count = Number(sessionStorage.getItem(CART) || 0) + 1;
  sessionStorage.setItem(CART, String(count));
  return send("add_to_cart", sku, {...more, quantity: 1, ...(offer?.price ? {price: offer.price} : {})});
}

function show() {
  const count = Number(sessionStorage.getItem(CART) || 0);
  at("cart").hidden = !count;
  at("cart").textContent = `Cart: ${plural(count, "item", "items")}`;
  at("session").hidden = !acted();
  at("personalise").checked = personalise();
}

export function start() {
  at("personalise").addEventListener("change", (event) => {
    sessionStorage.setItem(PERSONALISE, event.target.checked ? "yes" : "no");
    news.dispatchEvent(new Event("switched"));
  });
  at("fresh").addEventListener("click", () => {
    for (const name of [ID, ACTED, CART, PERSONALISE]) sessionStorage.removeItem(name);
    show();
    at("text").focus();
    news.dispatchEvent(new Event("switched"));
  });
  show();
}
