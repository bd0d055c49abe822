// One product as a card in the results, kept by SKU so that pictures stay while the order changes.

import {link, read} from "./address.js";
import {after, el, inStock, money, number, orderOf, still} from "./elements.js";
import {hue, long, wordOf} from "./tile.js";

const FEW = 5, MOVE_MS = 260;
const kept = new Map();

/** A picture that stands in the product itself, else a tile with what it is. Others would be asked of other hosts. */
export function picture(content) {
  const url = content.image_urls?.[0];
  if (url?.startsWith("data:image/")) {
    return el("div", {class: "picture"}, el("img", {src: url, alt: "", loading: "lazy", decoding: "async"}));
  }
  const word = wordOf(content);
  return el("div", {class: "picture drawn", "data-hue": hue(word), "data-long": long(word)}, el("b", {"aria-hidden": "true", text: word}));
}

export function priceOf(offer) {
  return el("span", offer?.price ? {class: "price", text: money(offer.price)} : {class: "price none", text: "no price"});
}

export function stockOf(offer) {
  if (!inStock(offer)) return el("span", {class: "stock out", text: "sold out"});
  const known = offer.stock !== null && offer.stock !== undefined;
  if (!known) return el("span", {class: "stock", text: "in stock"});
  return offer.stock <= FEW
    ? el("span", {class: "stock few", text: `only ${offer.stock} left`})
    : el("span", {class: "stock", text: `${number(offer.stock)} in stock`});
}

function fill(card, hit, lifted) {
  const {content, offer} = hit;
  const open = el("a", {href: link({...read(), sku: hit.sku})},
    picture(content),
    el("span", {class: "brand", text: content.brand || ""}),
    el("h3", {lang: content.locale, text: content.title}),
    el("div", {class: "offer"}, priceOf(offer), stockOf(offer)));
  const before = card.querySelector("a");
  if (before && before.querySelector("img")?.src === open.querySelector("img")?.src) {
    before.href = open.href;
    before.replaceChildren(before.querySelector(".picture"), ...[...open.children].slice(1));
    if (!open.querySelector("img")) before.firstChild.replaceWith(open.firstChild || picture(content));
  } else if (before) before.replaceWith(open);
  else card.append(open);
  card.querySelector(".lifted")?.remove();
  if (lifted) {
    const places = el("span", {class: "unseen", text: ` ${lifted === 1 ? "place" : "places"} up by your clicks`});
    card.append(el("span", {class: "lifted", title: "Moved up by your clicks"}, `↑ ${lifted}`, places));
  }
  card.lifted = lifted;
  card.hit = hit;
  card.classList.remove("gone");
}

function cardOf(hit, lifted) {
  const card = kept.get(hit.sku) || el("li", {class: "card", "data-sku": hit.sku});
  kept.set(hit.sku, card);
  const shown = JSON.stringify([hit.content, hit.offer, lifted, location.search]);
  if (card.shown !== shown) fill(card, hit, lifted);
  card.shown = shown;
  return card;
}

/** Shows these products; those that were there before may slide to their new place. */
export function show(list, hits, lifted, {slide = false} = {}) {
  const before = new Map(slide && !still.matches ? [...list.children].map((card) => [card, card.getBoundingClientRect()]) : []);
  const cards = hits.map((hit) => cardOf(hit, lifted.get(hit.sku)));
  const focus = list.contains(document.activeElement) ? document.activeElement : null;
  list.replaceChildren(...cards);
  if (focus?.isConnected) focus.focus({preventScroll: true});  // a node that is moved loses it
  for (const [sku, card] of kept) if (!card.isConnected) kept.delete(sku);
  for (const card of cards) {
    const was = before.get(card);
    if (!was) continue;
    const is = card.getBoundingClientRect(), x = was.left - is.left, y = was.top - is.top;
    if (x || y) card.animate([{translate: `${x}px ${y}px`}, {translate: "0 0"}], {duration: MOVE_MS, easing: "ease-out"});
  }
}

/** A change that the feed told: the card shows it at once, unless it knows something newer. */
export function take(change) {
  const card = kept.get(change.sku), order = orderOf(change.event_id);
  if (!card || change.waiting || !after(order, card.hit.offer_order || card.hit.content_order)) return;
  if (change.kind === "deleted") return card.classList.add("gone");
  if (!["new", "content", "offer"].includes(change.kind) || change.title === null) return;
  const content = {...card.hit.content, title: change.title};
  fill(card, {...card.hit, content, offer: change.offer, offer_order: order}, card.lifted);
  card.classList.remove("changed");
  void card.offsetWidth;  // so that the animation begins again
  card.classList.add("changed");
}
