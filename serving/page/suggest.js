// What may be meant by what is typed: a list below the field, for the pointer and for the keyboard (ARIA combobox).

import {call} from "./api.js";
import {at, el, plural} from "./elements.js";

const LIMIT = 4, KINDS = [["queries", "Others searched"], ["products", "Products"], ["brands", "Brands"], ["categories", "Categories"]];
const field = at("text"), list = at("suggestions");
let running = null, options = [], chosen = -1, picked = () => {};

const shown = {
  queries: (one) => [one.text, ""],
  products: (one) => [one.title, ""],
  brands: (one) => [one.name, plural(one.products, "product", "products")],
  categories: (one) => [one.path.join(" › "), plural(one.products, "product", "products")],
};

export const isOpen = () => !list.hidden;

export function close() {
  running?.abort();
  running = null;
  list.hidden = true;
  list.replaceChildren();
  options = [];
  choose(-1);
  field.setAttribute("aria-expanded", "false");
}

/** Asks for what begins like the text, and shows it while the field has the focus. What fails is no loss. */
export async function suggest(text) {
  running?.abort();
  if (!text) return close();
  const mine = running = new AbortController();
  try {
    const answer = await call("POST", "/v1/suggest", {text: text.slice(-200), limit: LIMIT}, {signal: mine.signal});
    if (mine === running && document.activeElement === field) open(answer);
  } catch {
    if (mine === running) close();
  }
}

function open(answer) {
  options = KINDS.flatMap(([kind]) => answer[kind].map((one) => ({kind, one})));
  let number = 0;
  const groups = KINDS.filter(([kind]) => answer[kind].length).map(([kind, title]) => {
    const items = answer[kind].map((one) => item(kind, one, number++));
    return el("li", {role: "group", "aria-label": title}, el("b", {text: title, "aria-hidden": "true"}), ...items);
  });
  list.replaceChildren(...groups);
  list.hidden = !options.length;
  field.setAttribute("aria-expanded", String(options.length > 0));
  choose(-1);
}

function item(kind, one, number) {
  const [words, more] = shown[kind](one);
  return el("div", {
    id: `suggestion-${number}`, role: "option", "aria-selected": "false",
    onpointerdown: (event) => event.preventDefault(),
    onclick: () => pick(number),
  }, el("span", {text: words}), more ? el("small", {text: more}) : null);
}

function choose(number) {
  chosen = number;
  for (const [place, option] of list.querySelectorAll("[role=option]").entries()) option.setAttribute("aria-selected", String(place === number));
  if (number < 0) return field.removeAttribute("aria-activedescendant");
  field.setAttribute("aria-activedescendant", `suggestion-${number}`);
  at(`suggestion-${number}`).scrollIntoView({block: "nearest"});
}

function pick(number) {
  const {kind, one} = options[number];
  close();
  picked(kind, one);
}

/** Whether the key was meant for the list. */
export function key(event) {
  if (!isOpen()) return false;
  if (event.key === "Escape") close();
  else if (event.key === "ArrowDown") choose(chosen + 1 < options.length ? chosen + 1 : -1);
  else if (event.key === "ArrowUp") choose(chosen < 0 ? options.length - 1 : chosen - 1);
  else if (event.key === "Enter" && chosen >= 0) pick(chosen);
  else return false;
  event.preventDefault();
  return true;
}

/** `pick` is called with the kind and what was picked. */
export function start({pick: taken}) {
  picked = taken;
  field.addEventListener("blur", close);
}
