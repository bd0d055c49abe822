// The page at /: the storefront, and beside it what is happening; products can be changed. On a phone behind two tabs.

import * as cards from "./cards.js";
import {change} from "./change.js";
import {learn} from "./changes.js";
import * as live from "./live.js";
import * as product from "./product.js";
import * as shop from "./shop.js";
import {show, start} from "./storefront.js";

for (const tab of document.querySelectorAll(".tabs button")) {
  tab.addEventListener("click", () => {
    document.body.dataset.tab = tab.dataset.to;
    document.querySelector(".tabs [aria-current]").removeAttribute("aria-current");
    tab.setAttribute("aria-current", "page");
    scrollTo(0, 0);
  });
}

shop.news.addEventListener("shown", ({detail: hits}) => {
  for (const hit of hits) learn(hit.sku, hit.content.title, hit.offer);
});
start({parts: [change]});
live.start({open: (sku) => show(sku, "feed"), listeners: [cards.take, product.told]});
