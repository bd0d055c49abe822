// Charts of one span of time above each other: drawn, dragged over, and told as a table too.

import {el, number, plural, shape, time} from "./elements.js";

const WIDTH = 600, HEIGHT = 80, DAY_MS = 86_400_000, ENOUGH = 20;
const percent = (share) => `${(share * 100).toFixed(share < 0.0995 ? 1 : 0)} %`;
const rate = (value) => `${value < 9.95 ? value.toFixed(1) : number(Math.round(value))}/s`;
const perSecond = (name) => (part) => part[name] / ((part.end_ms - part.begin_ms) / 1000);

/** What is drawn: charts with lines, each a value of a part (null: nothing to tell) and how it is said. */
export const CHARTS = [
  {name: "Searches", says: time, lines: [
    ["one", "p95", (part) => part.search_p95_ms], ["two", "p50", (part) => part.search_p50_ms]]},
  {name: "Found nothing, or not all", says: percent, least: 0.05, lines: [
    ["three", "zero results", (part) => part.zero_share], ["two", "degraded", (part) => part.degraded_share]]},
  {name: "Freshness, p95", says: time, lines: [
    ["one", "new texts", (part) => part.texts_p95_ms], ["two", "prices, stock", (part) => part.offers_p95_ms],
    ["three", "answers behind", (part) => part.behind_ms]]},
  {name: "How many", says: rate, lines: [
    ["one", "searches", perSecond("searches")], ["two", "events", perSecond("events")]]},
];

/** A round number at or above the value: 1, 2 or 5 times a power of ten. */
export function roundAbove(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((step) => step * power).find((one) => one >= value * 0.999);
}

/** The path of a line: broken where there is no value; a part alone is a short stroke. */
export function pathOf(values, top) {
  const step = WIDTH / values.length, y = (value) => (HEIGHT - Math.min(1, value / top) * HEIGHT).toFixed(1);
  let path = "", open = false;
  values.forEach((value, nth) => {
    const there = value !== null && value !== undefined;
    const alone = there && !open && (values[nth + 1] ?? null) === null;
    if (alone) path += `M${(nth * step).toFixed(1)} ${y(value)}H${((nth + 1) * step).toFixed(1)}`;
    else if (there) path += `${open ? "L" : "M"}${((nth + 0.5) * step).toFixed(1)} ${y(value)}`;
    open = there && !alone;
  });
  return path;
}

/** What answers were made from in a part and in none before it: [{at_ms, what}]. The first part with answers has all. */
export function newcomers(parts) {
  const known = new Set(), found = [];
  for (const part of parts.filter((one) => one.made_from.length)) {
    for (const what of known.size ? part.made_from.filter((one) => !known.has(one)) : []) found.push({at_ms: part.begin_ms, what});
    for (const one of part.made_from) known.add(one);
  }
  return found;
}

/** What answers were made from before, and in no part after: [{at_ms, what}]. Where few answers follow that is chance. */
export function leavers(parts) {
  const left = [];
  let later = new Set(), searches = 0;
  for (const part of [...parts].reverse().filter((one) => one.made_from.length)) {
    for (const what of searches >= ENOUGH ? part.made_from.filter((one) => !later.has(one)) : []) left.unshift({at_ms: part.end_ms, what});
    later = new Set([...later, ...part.made_from]);
    searches += part.searches;
  }
  return left;
}

export const clock = (ms, span_ms = 0) => new Date(ms).toLocaleString(undefined, span_ms > DAY_MS
  ? {day: "numeric", month: "short", hour: "2-digit", minute: "2-digit"} : {hour: "2-digit", minute: "2-digit", second: "2-digit"});

/** One part in words. */
export function inWords(part) {
  const lines = CHARTS.slice(0, 3).flatMap(({name, says, lines: each}) => each
    .map(([, label, of]) => [label, of(part), says, name]).filter(([, value]) => value !== null && value !== undefined)
    .map(([label, value, say]) => `${label} ${say(value)}`));
  return [`${clock(part.begin_ms)} to ${clock(part.end_ms)}: ${plural(part.searches, "search", "searches")}`, plural(part.events, "event", "events"), ...lines].join(", ");
}

export class Charts {
  #place; #choose; #parts = []; #span; #kept = null; #readout = el("p", {class: "readout"}); #low; #high; #chosen = [0, 0];

  /** `choose(begin_ms, end_ms)` is called when a span was chosen. */
  constructor(place, choose) {
    [this.#place, this.#choose] = [place, choose];
    const thumb = (name) => el("input", {type: "range", min: 0, step: 1, "aria-label": name});
    [this.#low, this.#high] = [thumb("Looked at from"), thumb("Looked at to")];
    for (const one of [this.#low, this.#high]) {
      one.addEventListener("input", () => this.#thumbed(one));
      one.addEventListener("change", () => this.#choose(...this.#chosen));
    }
  }

  /** `parts`: those that are known; `count`: so many there will be between `begin` and `end`. */
  draw(parts, count, [begin, end], kept, chosen) {
    [this.#parts, this.#span, this.#kept, this.#chosen] = [parts, [begin, end], kept, chosen];
    const places = Array.from({length: count}, (_, nth) => parts[nth] || null);
    this.#low.max = this.#high.max = count;
    const table = this.#place.querySelector("details")?.open;
    this.#place.replaceChildren(
      ...CHARTS.map((chart) => this.#chart(chart, places)),
      el("div", {class: "ticks", "aria-hidden": "true"}, ...[0, 0.5, 1].map((share) => el("span", {text: clock(begin + (end - begin) * share, end - begin)}))),
      el("div", {class: "thumbs"}, el("label", {}, "from", this.#low), el("label", {}, "to", this.#high)),
      this.#readout, this.#marks(), this.#table(table));
    this.choose(chosen);
  }

  /** Shows which span is looked at. */
  choose([begin, end]) {
    this.#chosen = [begin, end];
    const [first, last] = this.#span, at = (ms) => Math.max(0, Math.min(1, (ms - first) / (last - first)));
    for (const rect of this.#place.querySelectorAll(".chosen")) {
      rect.setAttribute("x", at(begin) * WIDTH);
      rect.setAttribute("width", begin <= first && end >= last ? 0 : Math.max(1, (at(end) - at(begin)) * WIDTH));
    }
    this.#low.value = Math.round(at(begin) * Number(this.#low.max));
    this.#high.value = Math.round(at(end) * Number(this.#high.max));
    this.#low.setAttribute("aria-valuetext", clock(begin, last - first));
    this.#high.setAttribute("aria-valuetext", clock(end, last - first));
  }

  #chart({name, says, least, lines}, places) {
    const values = lines.map(([, , of]) => places.map((part) => (part ? of(part) ?? null : null)));
    const most = Math.max(least || 0, ...values.flat().filter((one) => one !== null)), top = most ? roundAbove(most) : 1;
    const svg = shape("svg", {viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", "aria-hidden": "true"});
    const [begin, end] = this.#span, x = (ms) => Math.max(0, Math.min(WIDTH, ((ms - begin) / (end - begin)) * WIDTH));
    svg.append(
      shape("rect", {class: "unkept", x: 0, y: 0, height: HEIGHT, width: this.#kept === null ? WIDTH : x(this.#kept)}),
      ...[...newcomers(this.#parts), ...leavers(this.#parts)].map(({at_ms}) => shape("line", {class: "mark-line", x1: x(at_ms), x2: x(at_ms), y1: 0, y2: HEIGHT})),
      ...lines.map(([kind], nth) => shape("path", {class: kind, d: pathOf(values[nth], top)})),
      shape("rect", {class: "chosen", x: 0, y: 0, width: 0, height: HEIGHT}));
    const plot = el("div", {class: "plot"});
    plot.append(svg);
    this.#dragged(plot);
    return el("figure", {}, el("figcaption", {}, el("b", {text: name}), ...lines.map(([kind, label]) => el("span", {class: kind, text: label})),
      el("span", {class: "top", text: most ? `to ${says(top)}` : "nothing to tell"})), plot);
  }

  #dragged(plot) {
    let from = null;
    const ms = (event) => {
      const box = plot.getBoundingClientRect(), [begin, end] = this.#span;
      return begin + Math.max(0, Math.min(1, (event.clientX - box.left) / box.width)) * (end - begin);
    };
    const span = (event) => [Math.min(from, ms(event)), Math.max(from, ms(event))];
    plot.addEventListener("pointerdown", (event) => { from = ms(event); plot.setPointerCapture(event.pointerId); });
    plot.addEventListener("pointermove", (event) => {
      const part = this.#parts.find((one) => ms(event) < one.end_ms);
      this.#readout.textContent = part ? inWords(part) : "";
      if (from !== null) this.choose(span(event));
    });
    plot.addEventListener("pointerup", (event) => {
      if (from === null) return;
      let [begin, end] = span(event);
      const part = this.#parts.find((one) => begin < one.end_ms);
      if (part && end - begin < (part.end_ms - part.begin_ms) / 2) [begin, end] = [part.begin_ms, part.end_ms];
      from = null;
      this.#choose(begin, end);
    });
    plot.addEventListener("pointercancel", () => { from = null; });
  }

  #thumbed(thumb) {
    const [begin, end] = this.#span, count = Number(this.#low.max), ms = (one) => begin + ((end - begin) * Number(one.value)) / count;
    if (Number(this.#low.value) >= Number(this.#high.value)) {
      if (thumb === this.#low) this.#high.value = Number(this.#low.value) + 1;
      else this.#low.value = Number(this.#high.value) - 1;
      if (Number(this.#low.value) >= Number(this.#high.value)) thumb.value = Number(thumb.value) + (thumb === this.#low ? -1 : 1);
    }
    this.choose([ms(this.#low), ms(this.#high)]);
  }

  #marks() {
    const found = [...newcomers(this.#parts).map((one) => ({...one, says: `answers come from ${one.what} for the first time`})),
      ...leavers(this.#parts).map((one) => ({...one, says: `no answer comes from ${one.what} any more`}))].sort((one, other) => one.at_ms - other.at_ms);
    return el("ul", {class: "marks", "aria-label": "What changed behind the answers"},
      ...found.map(({at_ms, says}) => el("li", {text: `${clock(at_ms, this.#span[1] - this.#span[0])}: ${says}`})));
  }

  #table(open) {
    const columns = CHARTS.flatMap(({name, says, lines}) => lines.map(([, label, of]) => [`${name}: ${label}`, (part) => { const value = of(part); return value === null || value === undefined ? "–" : says(value); }]));
    const row = (part) => el("tr", {}, el("th", {scope: "row"}, el("button", {class: "quiet", type: "button", text: clock(part.begin_ms, this.#span[1] - this.#span[0]), onclick: () => this.#choose(part.begin_ms, part.end_ms)})),
      ...columns.map(([, say]) => el("td", {text: say(part)})));
    return el("details", {open}, el("summary", {text: "The same as a table"}), el("div", {class: "wide", tabindex: 0, role: "region", "aria-label": "Figures"},
      el("table", {}, el("thead", {}, el("tr", {}, ...["From", ...columns.map(([name]) => name)].map((text) => el("th", {scope: "col", text})))),
        el("tbody", {}, ...this.#parts.map(row)))));
  }
}
