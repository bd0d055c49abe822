// A product as a card among the hits, and opened: what it is, into the cart, and what is related to it.

import {at, el, money, plural} from "./elements.js";
import {hue, long, wordOf} from "./tile.js";

const RELATED = 6, FEW = 5;
let shown = null, inCart = 0;

const price = (hit) => (hit.price === undefined ? "no price" : money({amount: hit.price, currency: hit.currency}));

function stock(hit) {
  if (!hit.in_stock) return "sold out";
  return hit.stock !== undefined && hit.stock <= FEW ? `only ${hit.stock} left` : "in stock";
}

/** A picture that stands in the product itself, else a tile with what it is. Others would be asked of other hosts. */
const usable = (hit) => hit.image?.startsWith("data:image/");

function picture(hit, html) {
  if (usable(hit)) return html`<span class="picture"><img src=${hit.image} alt="" loading="lazy" decoding="async" /></span>`;
  const word = wordOf(hit);
  return html`<span class="picture drawn" data-hue=${hue(word)} data-long=${long(word) ? "" : undefined}><b aria-hidden="true">${word}</b></span>`;
}

function largePicture(hit) {
  if (usable(hit)) return el("div", {class: "picture"}, el("img", {src: hit.image, alt: ""}));
  const word = wordOf(hit);
  return el("div", {class: "picture drawn", "data-hue": hue(word)}, el("b", {"aria-hidden": "true", text: word}));
}

/** The template of a hit. Whoever opens it has clicked it: search-insights is told so. */
export function card(chosen) {
  return (hit, {html, components, sendEvent}) => html`<button type="button" class="card" data-sku=${hit.objectID}
    onClick=${() => chosen(hit, sendEvent)}>
    ${picture(hit, html)}
    <span class="brand">${hit.brand || ""}</span>
    <span class="title">${hit._highlightResult?.title ? components.Highlight({hit, attribute: "title"}) : hit.title}</span>
    <span class="offer"><b>${price(hit)}</b><small class=${hit.in_stock ? "" : "out"}>${stock(hit)}</small></span>
  </button>`;
}

function related(search, hit) {
  return window.instantsearch.widgets.relatedProducts({
    container: "#related", objectIDs: [hit.objectID], limit: RELATED,
    templates: {
      header: (_, {html}) => html`<h3>Related products</h3>`,
      item: card((other, sendEvent) => open(search, other, sendEvent)),
      empty: () => "",
    },
  });
}

function sheet(hit, sendEvent) {
  const add = el("button", {type: "button", class: "button first", text: "Add to cart", disabled: !hit.in_stock, onclick() {
    sendEvent("conversion", hit, "Added to cart", {
      eventSubtype: "addToCart", currency: hit.currency, objectData: [{price: hit.price, quantity: 1}],
    });
    inCart += 1;
    at("cart").hidden = false;
    at("cart").textContent = `Cart: ${plural(inCart, "item", "items")}`;
  }});
  return [largePicture(hit), el("div", {},
    el("p", {class: "brand", text: [hit.brand, hit.category?.join(" › ")].filter(Boolean).join(" · ")}),
    el("h2", {id: "product-title", text: hit.title}),
    el("p", {class: "offer"}, el("b", {text: price(hit)}), el("small", {class: hit.in_stock ? "" : "out", text: stock(hit)})),
    el("p", {class: "words", text: hit.description || ""}), add)];
}

/** Shows it in front of the page, with what is related to it. */
export function open(search, hit, sendEvent) {
  sendEvent("click", hit, "Product opened");
  const before = shown;
  shown = related(search, hit);
  at("sheet").replaceChildren(...sheet(hit, sendEvent));
  if (before) search.removeWidgets([before]);
  search.addWidgets([shown]);
  if (!at("product").open) at("product").showModal();
  at("product").scrollTo(0, 0);
  at("product").onclose = () => {
    if (shown) search.removeWidgets([shown]);
    shown = null;
  };
}
