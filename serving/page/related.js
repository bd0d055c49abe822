// Products beside the open one: its variants, and those that are like it. They come later, and fail without a word.

import {call} from "./api.js";
import {picture, priceOf} from "./cards.js";
import {VARIANTS, declared} from "./declared.js";
import {el, inStock} from "./elements.js";

const VARIANTS_MAX = 24, NAME_CHARS_MAX = 30, SIMILAR = 8, ASKED = 24;

/** An empty place that is filled when the answer is there; it is left out of the page when there is nothing to show. */
function later(place, made) {
  made.then((children) => (children ? place.replaceChildren(...children) : place.remove())).catch(() => place.remove());
  return place;
}

/** The variants of a product, this one among them; `open(sku, from, hit)` opens another one. */
export function variants(hit, open) {
  return later(el("div", {class: "variants"}), found(hit, open));
}

async function found(hit, open) {
  const own = hit.content.attributes || {}, names = (await declared()).filter((name) => VARIANTS.includes(name));
  const name = VARIANTS.find((one) => names.includes(one) && typeof own[one] === "string");
  if (!name) return null;
  const filters = {attributes: {[name]: [own[name]]}};
  const {hits} = await call("POST", "/v1/search", {filters, limit: VARIANTS_MAX, fallback: [], fields: ["attributes"]});
  if (hits.length < 2) return null;
  const said = namesOf(hits, name, await declared());
  const sorted = hits.sort((one, other) => said(one).localeCompare(said(other), undefined, {numeric: true}));
  return [el("p", {class: "unseen", text: "Variants"}), ...sorted.map((one) => el("button", {
    type: "button", class: inStock(one.offer) ? "chip" : "chip sold", "aria-current": one.sku === hit.sku ? "true" : null,
    text: said(one), onclick: () => { if (one.sku !== hit.sku) open(one.sku, "variant"); },
  }))];
}

/** How each variant is called: by as few short texts in which they differ as tell them apart, declared ones first; else by its title. */
function namesOf(hits, name, told) {
  const value = ({content}, one) => content.attributes[one];
  const all = [...new Set(hits.flatMap(({content}) => Object.keys(content.attributes)))].filter((one) => one !== name);
  const short = all.filter((one) => hits.every((hit) => typeof value(hit, one) === "string" && value(hit, one).length <= NAME_CHARS_MAX));
  const differing = short.filter((one) => new Set(hits.map((hit) => value(hit, one))).size > 1);
  differing.sort((one, other) => told.includes(other) - told.includes(one));
  for (let count = 1; count <= differing.length; count += 1) {
    const said = (hit) => differing.slice(0, count).map((one) => value(hit, one)).join(", ");
    if (new Set(hits.map(said)).size === hits.length) return said;
  }
  return ({content}) => content.title;
}

/** Products that are like this one, and no variants of it. */
export function similar(hit, open) {
  return later(el("section", {class: "similar", "aria-label": "Similar products"}), near(hit, open));
}

const same = (one, other, name) => one.content.attributes?.[name] !== undefined && one.content.attributes[name] === other.content.attributes?.[name];

async function near(hit, open) {
  const {hits} = await call("GET", `/v1/skus/${encodeURIComponent(hit.sku)}/similar?limit=${ASKED}`);
  const others = hits.filter((one) => !VARIANTS.some((name) => same(one, hit, name))).slice(0, SIMILAR);
  if (!others.length) return null;
  const cards = others.map((one) => el("li", {}, el("button", {type: "button", onclick: () => open(one.sku, "similar", one)},
    picture(one.content), el("span", {class: "title", lang: one.content.locale, text: one.content.title}), priceOf(one.offer))));
  return [el("h3", {text: "Similar products"}), el("ul", {}, ...cards)];
}
