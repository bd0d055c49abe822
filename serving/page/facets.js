// What can be filtered by, with how many products each choice would leave: counted by the search, its own filter left out.

import {at, el, number} from "./elements.js";

const BRANDS = 12, CATEGORIES = 40, LEVELS = 2, ARROW = " › ";
const form = at("filters"), menus = {brand: at("brands"), category: at("categories")}, find = at("find-brand");
const drawn = {};

/** As `facets` of a search. */
export function asked() {
  const brand = {field: "brand", limit: BRANDS, ...(find.value.trim() ? {search: find.value.trim().slice(0, 100)} : {})};
  return ["in_stock", "price", brand, {field: "category", levels: LEVELS, limit: CATEGORIES}];
}

function draw(name, rows, chosen) {
  const key = JSON.stringify([rows, chosen]);
  if (drawn[name] === key) return;
  drawn[name] = key;  // the same is left as it is, and keeps the focus
  const menu = menus[name], focused = menu.contains(document.activeElement) ? document.activeElement.value : null;
  menu.replaceChildren(...rows.map(([value, text, count, depth]) => el("label", {class: `depth-${depth}`},
    el("input", {type: "checkbox", name, value, checked: chosen.includes(value)}),
    el("span", {text}), el("small", {text: count === null ? "" : number(count)}))));
  if (focused !== null) [...menu.querySelectorAll("input")].find((one) => one.value === focused)?.focus();
}

/** What is chosen stays in the list, though nothing like it is left. */
function withChosen(rows, chosen) {
  const there = new Set(rows.map(([value]) => value));
  return [...chosen.filter((value) => !there.has(value)).map((value) => [value, value, null, 0]), ...rows];
}

/** Shows the counts of an answer; one without them leaves what is there. */
export function show(facets, state) {
  if (!facets) return;
  const brands = (facets.brand?.values || []).map(({value, count}) => [value, value, count, 0]);
  draw("brand", find.value.trim() ? brands : withChosen(brands, state.brand), state.brand);
  const paths = (facets.category?.values || []).map(({value, count}) => [value.join(ARROW), value.at(-1), count, value.length - 1]);
  draw("category", withChosen(paths, state.category), state.category);
  const stock = facets.in_stock?.values.find(({value}) => value === true);
  at("stock-count").textContent = stock ? number(stock.count) : "";
  const stats = facets.price?.stats;
  form.elements.min.placeholder = stats ? number(Math.floor(stats.min)) : "from";
  form.elements.max.placeholder = stats ? number(Math.ceil(stats.max)) : "to";
}

/** Puts what is chosen into the menus and into chips that take it away again; `remove` is called with name and value. */
export function fill(state, remove) {
  for (const [name, menu] of Object.entries(menus)) {
    menu.closest("details").classList.toggle("chosen", state[name].length > 0);
    for (const box of menu.querySelectorAll("input")) box.checked = state[name].includes(box.value);
  }
  const chosen = Object.keys(menus).flatMap((name) => state[name].map((value) => [name, value]));
  at("chosen").replaceChildren(...chosen.map(([name, value]) => el("button", {
    type: "button", class: "chip on", text: value.split(ARROW).at(-1), "aria-label": `${value}, remove`, onclick: () => remove(name, value),
  })));
}

/** The values that are ticked in a menu, and those that it does not show now. */
export function ticked(name, before) {
  const boxes = [...menus[name].querySelectorAll("input")], there = new Set(boxes.map((box) => box.value));
  return [...before.filter((value) => !there.has(value)), ...boxes.filter((box) => box.checked).map((box) => box.value)];
}

/** `again` asks with what was typed into the field above the brands. Another click, or Esc, closes a menu. */
export function start(again) {
  let waiting = 0;
  find.addEventListener("input", (event) => {
    event.stopPropagation();
    clearTimeout(waiting);
    waiting = setTimeout(again, 150);
  });
  find.addEventListener("change", (event) => event.stopPropagation());  // it filters nothing
  const all = Object.values(menus).map((menu) => menu.closest("details"));
  document.addEventListener("click", ({target}) => {
    for (const one of all) if (!one.contains(target)) one.open = false;
  });
  for (const one of all) one.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !one.open) return;
    one.open = false;
    one.querySelector("summary").focus();
  });
}
