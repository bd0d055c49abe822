// What can be filtered by, with how many products each choice would leave: counted by the search, its own filter left out.

import {at, el, money, number} from "./elements.js";
import {Range} from "./range.js";
import {VARIANTS, told} from "./declared.js";

const ARROW = " › ", ATTRIBUTE = "attributes.", OPEN = 4;
const form = at("filters"), find = at("find-brand"), stock = form.elements.stock;
const price = new Range(at("price"), "price", (value) => (currency ? money({amount: value, currency}) : number(value)));
const menus = new Map([["brand", at("brands")], ["category", at("categories")]]), ranges = new Map(), drawn = new Map();
let currency = "";

/** "product_colour" as "Product colour". */
export function title(name) {
  const words = name.replace(/[_-]+/g, " ").trim();
  return words ? words[0].toUpperCase() + words.slice(1) : name;
}

/** A value as it is shown, by its name in the address. */
export function words(named, value) {
  if (named.startsWith("is.")) return `${title(named.slice(3))}: ${value === "true" ? "yes" : "no"}`;
  if (!named.startsWith("n.")) return value.split(ARROW).at(-1);
  const [low, high] = value.split("..");
  return `${title(named.slice(2))} ${low && high ? `${low} – ${high}` : low ? `from ${low}` : `to ${high}`}`;
}

function draw(named, rows, chosen) {
  const menu = menus.get(named), key = JSON.stringify([rows, chosen]);
  if (drawn.get(named) === key) return;
  drawn.set(named, key);  // the same is left as it is, and keeps the focus
  const focused = menu.contains(document.activeElement) ? document.activeElement.value : null;
  menu.replaceChildren(...rows.map(([value, text, count, depth, name = named]) => el("label", {class: `tick depth-${depth}`},
    el("input", {type: "checkbox", name, value, checked: chosen.includes(value)}),
    el("span", {text}), el("small", {text: count === null ? "" : number(count)}))));
  if (focused !== null) [...menu.querySelectorAll("input")].find((one) => one.value === focused)?.focus();
}

/** What is chosen stays in the list, though nothing like it is left. */
function withChosen(rows, chosen, more = []) {
  const there = new Set(rows.map(([value]) => value));
  return [...chosen.filter((value) => !there.has(value)).map((value) => [value, value.split(ARROW).at(-1), null, 0, ...more]), ...rows];
}

/** The uppermost categories, and below those that are chosen, or have a chosen one below them, what is in them. */
function unfolded(values, chosen) {
  const paths = asTree(values.map(({value, count}) => [value.join(ARROW), value.at(-1), count, value.length - 1]));
  const roots = paths.filter(([, , , depth]) => depth === 0).length;
  const open = (path) => chosen.some((one) => one === path || one.startsWith(path + ARROW));
  return paths.filter(([path, , , depth]) => depth === 0 || open(path.split(ARROW).slice(0, -1).join(ARROW)) || (roots === 1 && depth === 1));
}

/** Each path behind the one that it lies in; those beside each other stay in their order. */
function asTree(paths) {
  const below = new Map();
  for (const one of paths) {
    const above = one[0].split(ARROW).slice(0, -1).join(ARROW);
    below.set(above, [...(below.get(above) || []), one]);
  }
  const walk = (path) => (below.get(path) || []).flatMap((one) => [one, ...walk(one[0])]);
  return walk("");
}

/** Shows the counts of an answer; one without them leaves what is there. */
export function show(facets, state) {
  if (!facets || !Object.keys(facets).length) return;
  told(facets);
  const brands = (facets.brand?.values || []).map(({value, count}) => [value, value, count, 0]);
  draw("brand", find.value.trim() ? brands : withChosen(brands, state.brand), state.brand);
  draw("category", withChosen(unfolded(facets.category?.values || [], state.category), state.category), state.category);
  at("categories").closest("details").hidden = !facets.category?.values.length && !state.category.length;
  const there = facets.in_stock?.values.find(({value}) => value === true);
  at("stock-count").textContent = there ? number(there.count) : "";
  currency = facets.price?.currency || "";
  at("currency").textContent = currency;
  price.show(facets.price, [state.min, state.max]);
  at("price").closest("details").hidden = !facets.price?.stats && !state.min && !state.max;
  const declared = Object.keys(facets).filter((field) => field.startsWith(ATTRIBUTE)).map((field) => field.slice(ATTRIBUTE.length));
  declared.filter((name) => !VARIANTS.includes(name)).forEach((name, place) => showAttribute(name, facets[ATTRIBUTE + name], state, place));
  form.removeAttribute("data-empty");
}

function showAttribute(name, counts, state, place) {
  const named = `a.${name}`, range = `n.${name}`;
  if (counts.stats || state.attributes[range]) {
    if (!ranges.has(name)) ranges.set(name, new Range(group(name, "range", place), title(name), number, true));
    ranges.get(name).show(counts, (state.attributes[range]?.[0] || "..").split(".."));
    return;
  }
  if (!menus.has(named) && !counts.values.length) return;
  if (!menus.has(named)) menus.set(named, group(name, "values", place));
  const chosen = [...(state.attributes[named] || []), ...(state.attributes[`is.${name}`] || [])];
  const rows = counts.values.map(({value, count}) => (typeof value === "boolean"
    ? [String(value), value ? "Yes" : "No", count, 0, `is.${name}`] : [value, value, count, 0, named]));
  draw(named, withChosen(rows, chosen, [named]), chosen);
  menus.get(named).closest("details").hidden = !rows.length && !chosen.length;
}

function group(name, kind, place) {
  const inside = el("div", {class: kind, role: "group", "aria-label": title(name)});
  at("attributes").append(el("details", {class: "facet", open: place < OPEN}, el("summary", {text: title(name)}), inside));
  return inside;
}

/** Puts what is chosen into the panel and into chips that take it away again; `narrow` is called with what changes. */
export function fill(state, narrow) {
  for (const [named, menu] of menus) {
    for (const box of menu.querySelectorAll("input")) box.checked = values(state, box.name).includes(box.value);
    menu.closest("details").classList.toggle("chosen", values(state, named).length > 0);
  }
  stock.checked = state.stock;
  price.set([state.min, state.max]);
  for (const [name, range] of ranges) range.set((state.attributes[`n.${name}`]?.[0] || "..").split(".."));
  const chosen = [
    ...["brand", "category"].flatMap((name) => state[name].map((value) => [name, value])),
    ...Object.entries(state.attributes).flatMap(([named, found]) => found.map((value) => [named, value])),
  ];
  const chips = chosen.map(([named, value]) => chip(words(named, value), () => narrow(without(state, named, value))));
  if (state.stock) chips.push(chip("In stock", () => narrow({stock: false})));
  if (state.min || state.max) {
    const said = [state.min && `from ${priced(state.min, state)}`, state.max && `to ${priced(state.max, state)}`].filter(Boolean).join(" ");
    chips.push(chip(said, () => narrow({min: "", max: "", currency: ""})));
  }
  at("chosen").replaceChildren(...chips);
  at("narrowed").textContent = chips.length ? String(chips.length) : "";
}

const priced = (amount, state) => (state.currency && Number.isFinite(Number(amount)) ? money({amount: Number(amount), currency: state.currency}) : amount);
const values = (state, named) => (named in state.attributes ? state.attributes[named] : Array.isArray(state[named]) ? state[named] : []);

function chip(text, onclick) {
  return el("button", {type: "button", class: "chip on", text, "aria-label": `${text}, remove`, onclick});
}

function without(state, named, value) {
  const left = values(state, named).filter((one) => one !== value);
  return named.includes(".") ? {attributes: {...state.attributes, [named]: left}} : {[named]: left};
}

/** The values that are ticked, and those that are not shown now. */
function ticked(menu, named, state) {
  const boxes = [...menu.querySelectorAll("input")].filter((box) => box.name === named), there = new Set(boxes.map((box) => box.value));
  return [...values(state, named).filter((value) => !there.has(value)), ...boxes.filter((box) => box.checked).map((box) => box.value)];
}

/** A category that was just chosen takes the place of those above and below it. */
function narrowest(paths, before) {
  const come = paths.filter((path) => !before.includes(path));
  const above = (one, other) => other.startsWith(one + ARROW);
  return paths.filter((path) => come.includes(path) || !come.some((one) => above(path, one) || above(one, path)));
}

/** What the panel says now, as it stands in the address. */
export function chosen(state) {
  const attributes = {...state.attributes};
  for (const [named, menu] of menus) {
    if (!named.startsWith("a.")) continue;
    for (const one of [named, `is.${named.slice(2)}`]) attributes[one] = ticked(menu, one, state);
  }
  for (const [name, range] of ranges) {
    const [low, high] = range.value();
    attributes[`n.${name}`] = low || high ? [`${low}..${high}`] : [];
  }
  const [min, max] = price.value();
  return {
    stock: stock.checked, min, max, currency: min || max ? state.currency || currency : "", attributes,
    brand: ticked(menus.get("brand"), "brand", state),
    category: narrowest(ticked(menus.get("category"), "category", state), state.category),
  };
}

/** `again` asks once more: with what was typed into the field above the brands, or when the panel has come into sight. */
export function start(again) {
  let waiting = 0;
  find.addEventListener("input", (event) => {
    event.stopPropagation();
    clearTimeout(waiting);
    waiting = setTimeout(again, 150);
  });
  find.addEventListener("change", (event) => event.stopPropagation());  // it filters nothing
  form.addEventListener("toggle", ({newState}) => { if (newState === "open") again(); });
  matchMedia("(min-width: 64rem)").addEventListener("change", () => { if (form.checkVisibility()) again(); });
}
