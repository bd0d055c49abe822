// Puts the storefront together: search and results, the open product, the cart, the colours. Both pages begin with it.

import * as address from "./address.js";
import * as cart from "./cart.js";
import {at} from "./elements.js";
import * as explain from "./explain.js";
import * as key from "./key.js";
import * as product from "./product.js";
import * as session from "./session.js";
import * as shop from "./shop.js";

function follow() {
  const {sku} = address.read();
  if (sku) product.open(sku, "address");
  else product.close();
}

function moved() {
  shop.follow();
  follow();
}

/** Opens a product and puts it into the address; `from` as in product.open. */
export function show(sku, from, hit) {
  address.write({sku});
  product.open(sku, from, hit);
}

function openFrom(event) {
  const card = event.target.closest(".card");
  if (!card || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  show(card.dataset.sku, "result", card.hit);
}

const dark = matchMedia("(prefers-color-scheme: dark)");
const isDark = () => (document.documentElement.dataset.theme || (dark.matches ? "dark" : "light")) === "dark";

function colours() {
  at("theme").setAttribute("aria-pressed", String(isDark()));
}

function startColours() {
  at("theme").addEventListener("click", () => {
    const next = isDark() ? "light" : "dark";
    document.documentElement.dataset.theme = next;
    localStorage.setItem("freshet.theme", next);
    colours();
  });
  dark.addEventListener("change", colours);
  colours();
}

/** `parts`: further parts of an open product, as product.start takes them. */
export function start({parts = []} = {}) {
  startColours();
  at("results").addEventListener("click", openFrom);
  at("text").addEventListener("picked", ({detail: sku}) => show(sku, "result"));
  addEventListener("popstate", moved);
  session.start();
  cart.start(show);
  key.start();
  explain.start(show, () => shop.search());
  product.start({closed: () => shop.search({slide: true}), open: show, parts});
  shop.start();
  follow();
}
