// Two thumbs on one track, for the mouse, the finger and the keyboard, and two fields beside them that hold the truth.

import {el, number, shape} from "./elements.js";

const STEPS = [1, 1.5, 2, 3, 5, 7], STOPS_MAX = 48, LINEAR = 24, WIDTH = 200, HEIGHT = 36, WIDE = 12;

/** Round numbers from below `low` to above `high`: each a share more than the last where they lie far apart. */
export function stopsOf(low, high) {
  if (!(high > low)) return [low, high];
  if (low > 0 && high / low > WIDE) {
    const found = [];
    for (let power = Math.floor(Math.log10(low)); found.length < STOPS_MAX; power += 1) {
      for (const step of STEPS) {
        const value = Number((step * 10 ** power).toPrecision(2));
        if (value <= low) found.length = 0;  // the last one below begins
        found.push(value);
        if (value >= high) return found;
      }
    }
    return found;
  }
  const rough = (high - low) / LINEAR, power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].find((one) => one * power >= rough) * power;
  const first = Math.floor(low / step), last = Math.ceil(high / step);
  return Array.from({length: last - first + 1}, (_, at) => Number(((first + at) * step).toPrecision(10)));
}

export class Range {
  #stops = [0, 1]; #low; #high; #from; #to; #bars; #fill; #format;

  /** `format`: a number as it is said; `plain`: without bars. */
  constructor(place, name, format, plain = false) {
    const field = (label) => el("input", {type: "number", step: "any", inputmode: "decimal", "aria-label": `${name} ${label}`});
    const thumb = (label) => el("input", {type: "range", min: 0, step: 1, "aria-label": `${name}, ${label}`});
    this.#format = format;
    [this.#from, this.#to, this.#low, this.#high] = [field("from"), field("to"), thumb("least"), thumb("most")];
    if (name === "price") [this.#from.name, this.#to.name] = ["min", "max"];
    this.#bars = plain ? null : shape("svg", {class: "bars", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", "aria-hidden": "true"});
    this.#fill = el("i");
    place.append(...(plain ? [] : [this.#bars]), el("div", {class: "track"}, this.#fill, this.#low, this.#high),
      el("div", {class: "ends"}, this.#from, el("span", {"aria-hidden": "true", text: "–"}), this.#to));
    this.#low.addEventListener("input", () => this.#dragged(this.#low, this.#from));
    this.#high.addEventListener("input", () => this.#dragged(this.#high, this.#to));
  }

  /** Ends, bars and what is chosen, of the counts of an answer. */
  show(counts, chosen) {
    const stats = counts?.stats;
    if (stats) {
      this.#stops = stopsOf(stats.min, stats.max);
      [this.#from.placeholder, this.#to.placeholder] = [number(Math.floor(stats.min)), number(Math.ceil(stats.max))];
      this.#low.max = this.#high.max = this.#stops.length - 1;
    }
    if (this.#bars && stats) this.#draw(counts.ranges);
    this.set(chosen);
  }

  /** Texts as they stand in the address; empty: no limit. */
  set([low, high = ""]) {
    if (document.activeElement !== this.#from) this.#from.value = low;
    if (document.activeElement !== this.#to) this.#to.value = high;
    this.#low.value = low === "" ? 0 : this.#place(Number(low));
    this.#high.value = high === "" ? this.#stops.length - 1 : this.#place(Number(high));
    this.#say();
  }

  /** Both as texts. */
  value() {
    const [low, high] = [this.#from.value, this.#to.value];
    return low !== "" && high !== "" && Number(low) > Number(high) ? [high, low] : [low, high];
  }

  #place(value) {
    const found = this.#stops.findIndex((stop) => stop >= value);
    return found < 0 ? this.#stops.length - 1 : found;
  }

  #dragged(thumb, field) {
    const low = Number(this.#low.value), high = Number(this.#high.value);
    if (low > high) thumb.value = thumb === this.#low ? high : low;
    const at = Number(thumb.value), open = thumb === this.#low ? at === 0 : at === this.#stops.length - 1;
    field.value = open ? "" : this.#stops[at];
    this.#say();
  }

  #say() {
    for (const thumb of [this.#low, this.#high]) thumb.setAttribute("aria-valuetext", this.#format(this.#stops[Number(thumb.value)] ?? 0));
    const last = Math.max(1, this.#stops.length - 1);
    this.#fill.style.insetInline = `${(Number(this.#low.value) / last) * 100}% ${100 - (Number(this.#high.value) / last) * 100}%`;
  }

  /** One bar for each range of the answer, where its numbers lie on the track; high as the square root of the products. */
  #draw(ranges) {
    const most = Math.sqrt(Math.max(1, ...ranges.map(({count}) => count))), last = Math.max(1, this.#stops.length - 1);
    const x = (value) => {
      const at = this.#place(value), above = this.#stops[at], below = this.#stops[Math.max(0, at - 1)];
      const part = above > below ? (Math.min(value, above) - below) / (above - below) : 0;
      return (Math.max(0, at - 1 + Math.max(0, part)) / last) * WIDTH;
    };
    this.#bars.replaceChildren(...ranges.map(({min, max, count}) => {
      const [from, to] = [min === null ? 0 : x(min), max === null ? WIDTH : x(max)];
      const height = count ? Math.max(2, (Math.sqrt(count) / most) * HEIGHT) : 0;
      return shape("rect", {x: from, y: HEIGHT - height, width: Math.max(1, to - from - 1), height});
    }));
  }
}
