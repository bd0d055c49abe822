// What is asked of the tier, by what stands in the address: the first question, which goes out before the page is whole, and all others.

import * as address from "./address.js";
import {at} from "./elements.js";
import * as session from "./session.js";

export const LIMIT = 24;
export const SORTS = ["price_asc", "price_desc", "newest", "popularity"];
const SHOWN = ["brand", "category", "image_urls", "locale"], BRANDS = 12, CATEGORIES = 100, LEVELS = 3;

/** As `facets` of a search; nothing while they are not seen. */
function facets() {
  if (!at("filters").checkVisibility()) return [];
  const typed = at("find-brand").value.trim();
  const brand = {field: "brand", limit: BRANDS, ...(typed ? {search: typed.slice(0, 100)} : {})};
  return ["in_stock", "price", brand, {field: "category", levels: LEVELS, limit: CATEGORIES}, "*"];
}

/** As `attributes` of the filters of a search. */
function attributeFilters({attributes}) {
  const found = {};
  for (const [named, values] of Object.entries(attributes)) {
    if (!values.length) continue;
    const cut = named.indexOf("."), [kind, name] = [named.slice(0, cut), named.slice(cut + 1)];
    if (kind === "n") {
      const [min, max] = values[0].split("..").map((text) => (text && Number.isFinite(Number(text)) ? Number(text) : null));
      const asked = {...(min === null ? {} : {min}), ...(max === null || max === undefined ? {} : {max})};
      if (Object.keys(asked).length) found[name] = asked;
    } else found[name] = [...(Array.isArray(found[name]) ? found[name] : []), ...values.map((value) => (kind === "is" ? value === "true" : value))];
  }
  return found;
}

/** What is searched for, and what products must be like. */
export function wanted() {
  const state = address.read(), found = {};
  if (state.stock) found.in_stock = true;
  if (state.brand.length) found.brand = state.brand;
  if (state.category.length) found.category = state.category.map((path) => path.split(" › "));
  const [low, high] = [state.min, state.max].map((value) => (value !== "" && Number(value) >= 0 ? Number(value) : null));
  if (low !== null) found.price_min = low;
  if (high !== null && (low === null || high >= low)) found.price_max = high;
  if (/^[A-Z]{3}$/.test(state.currency) && ("price_min" in found || "price_max" in found)) found.currency = state.currency;
  const attributes = attributeFilters(state);
  if (Object.keys(attributes).length) found.attributes = attributes;
  const sort = SORTS.includes(state.sort) ? {sort: state.sort} : {};
  return {text: state.q.trim(), filters: found, ...sort, ...(state.exact ? {typos: false} : {})};
}

/** The body of a search; `explain`: whether it is to say why. */
export function question(page, {typing = false, explain = false} = {}) {
  const asked = {...wanted(), limit: LIMIT, page, typing, fields: SHOWN, facets: page === 1 ? facets() : []};
  if (!session.acted()) return {...asked, explain};
  const personalise = session.personalise();
  return {...asked, session: session.id(), personalise, explain: personalise || explain};
}
