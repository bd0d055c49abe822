// Makes elements and words: text is always text, never markup.

const SVG = "http://www.w3.org/2000/svg";

export const at = (id) => document.getElementById(id);

/** An element with attributes and children; `text` sets its text, `on...` adds a listener, null and false are left out. */
export function el(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key === "text") made.textContent = value;
    else if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value !== null && value !== undefined && value !== false) made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

/** A drawing of 24 by 24 from one path. */
export function drawn(path) {
  const svg = document.createElementNS(SVG, "svg"), line = document.createElementNS(SVG, "path");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  line.setAttribute("d", path);
  svg.append(line);
  return svg;
}

export function shape(name, attributes) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

/** Sets the text only when it differs: a screen reader is not told the same again. */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

const prices = new Map();

export function money({amount, currency}) {
  try {
    if (!prices.has(currency)) prices.set(currency, new Intl.NumberFormat(undefined, {style: "currency", currency}));
    return prices.get(currency).format(amount);
  } catch {
    return `${amount} ${currency}`;
  }
}

/** Words as a sentence: a capital first, a stop last. */
export const sentence = (text) => (text ? `${text[0].toUpperCase()}${text.slice(1)}${text.endsWith(".") ? "" : "."}` : "");

export const number = (value) => value.toLocaleString();
export const plural = (count, one, many) => `${number(count)} ${count === 1 ? one : many}`;

/** [number, unit] of a time in ms: below a second whole ms, then seconds. */
export function span(ms) {
  if (ms < 1000) return [String(Math.round(ms)), "ms"];
  if (ms < 99_500) return [(ms / 1000).toFixed(ms < 9_950 ? 1 : 0), "s"];
  return ms < 5_400_000 ? [String(Math.round(ms / 60_000)), "min"] : [String(Math.round(ms / 3_600_000)), "h"];
}

export const time = (ms) => span(ms).join(" ");

/** "63 ms" with the unit set small. */
export function figure(element, ms) {
  const [value, unit] = span(ms);
  element.replaceChildren(value, el("small", {text: unit}));
}

export function ago(ms) {
  const seconds = Math.max(0, ms / 1000);
  if (seconds < 2) return "now";
  if (seconds < 60) return `${Math.floor(seconds)} s ago`;
  return seconds < 3600 ? `${Math.floor(seconds / 60)} min ago` : `${Math.floor(seconds / 3600)} h ago`;
}

export const still = matchMedia("(prefers-reduced-motion: reduce)");

/** Availability, else stock, else whether there is a price: as schemas.records.Offer.in_stock. */
export function inStock(offer) {
  if (!offer) return false;
  if (offer.availability) return offer.availability === "in_stock" && offer.stock !== 0;
  return offer.stock === null || offer.stock === undefined ? Boolean(offer.price) : offer.stock > 0;
}

/** Whether one order, [generation, offset], comes after another. */
export function after(one, other) {
  return !other || one[0] > other[0] || (one[0] === other[0] && one[1] > other[1]);
}

/** The order of an event from its id, generation-partition-offset. */
export function orderOf(eventId) {
  const [generation, , offset] = eventId.split("-").map(Number);
  return [generation, offset];
}
