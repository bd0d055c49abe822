// Puts the page together: the shop, the open product, the live part, the colours, the tabs of a phone.

import * as address from "./address.js";
import * as cards from "./cards.js";
import {at} from "./elements.js";
import * as live from "./live.js";
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

function openFrom(event) {
  const card = event.target.closest(".card");
  if (!card || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  address.write({sku: card.dataset.sku});
  product.open(card.dataset.sku, "result", card.hit);
}

function openChange(sku) {
  address.write({sku});
  product.open(sku, "feed");
}

const dark = matchMedia("(prefers-color-scheme: dark)");
const isDark = () => (document.documentElement.dataset.theme || (dark.matches ? "dark" : "light")) === "dark";

function colours() {
  at("theme").setAttribute("aria-pressed", String(isDark()));
}

at("theme").addEventListener("click", () => {
  const next = isDark() ? "light" : "dark";
  document.documentElement.dataset.theme = next;
  localStorage.setItem("freshet.theme", next);
  colours();
});
dark.addEventListener("change", colours);
colours();

for (const tab of document.querySelectorAll(".tabs button")) {
  tab.addEventListener("click", () => {
    document.body.dataset.tab = tab.dataset.to;
    document.querySelector(".tabs [aria-current]").removeAttribute("aria-current");
    tab.setAttribute("aria-current", "page");
    scrollTo(0, 0);
  });
}

at("results").addEventListener("click", openFrom);
at("text").addEventListener("picked", ({detail: sku}) => {
  address.write({sku});
  product.open(sku, "result");
});
addEventListener("popstate", moved);
session.start();
product.start({closed: () => shop.search({slide: true})});
shop.start();
live.start({open: openChange, listeners: [cards.take, product.told]});
follow();
