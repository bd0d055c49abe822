// A change on its way: sends it, runs a clock, lights up each step, and stops when a real search finds it.

import {Problem, call} from "./api.js";
import {after, el, figure, orderOf, time} from "./elements.js";

const ASK_EVERY_MS = 15, GIVE_UP_MS = 60_000, HITS = 100;
const STEPS = [["received", "Received"], ["decided", "Decided"], ["embedded", "Embedded"], ["searchable", "Searchable"], ["found", "Found"]];
const pause = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

export class Journey {
  #place; #hit; #changes; #steps = new Map(); #clock; #verdict; #box; #began = 0; #over = false;

  constructor(place, hit, changes) {
    this.#place = place;
    this.#hit = hit;
    this.#changes = changes;
  }

  /** The product as the search found it, or null when it was not found. Throws Problem when the change is refused. */
  async run() {
    this.#began = performance.now();
    const sent = await call("PATCH", `/v1/catalog/${encodeURIComponent(this.#hit.sku)}`, this.#changes);
    const [event] = sent.events;
    if (!event.event_id) throw new Problem(400, event.error.code, event.error.message);
    this.#draw();
    this.#done("received", "Kafka has it");
    this.#tick();
    const [[there, took], status] = await Promise.all([this.#found(orderOf(event.event_id)), this.#watched(event.event_id)]);
    this.#end(there, took, status);
    return there;
  }

  stop() {
    this.#over = true;
  }

  #draw() {
    this.#clock = el("p", {class: "clock", "aria-hidden": "true"});
    this.#verdict = el("p", {class: "verdict", role: "status"});
    const list = el("ol", {class: "steps"});
    for (const [name, word] of STEPS) {
      const step = el("li", {"data-step": name}, el("b", {text: word}), el("span", {text: "\u00a0"}));
      this.#steps.set(name, step);
      list.append(step);
    }
    this.#box = el("div", {class: "journey", "data-state": "running"}, this.#clock, list, this.#verdict);
    this.#place.replaceChildren(this.#box);
  }

  #tick = () => {
    if (this.#over) return;
    figure(this.#clock, performance.now() - this.#began);
    requestAnimationFrame(this.#tick);
  };

  #done(name, words) {
    const step = this.#steps.get(name);
    step.dataset.done = "";
    step.lastChild.textContent = words;
  }

  #skipped(name, words) {
    const step = this.#steps.get(name);
    step.dataset.skipped = "";
    step.lastChild.textContent = words;
  }

  /** [the product or null, how long it took]. */
  async #found(order) {
    const there = await this.#find(order);
    const took = performance.now() - this.#began;
    if (there) {
      this.#over = true;
      this.#done("found", time(took));
    }
    return [there, took];
  }

  /** The event's last status; null when the tier would not tell: the steps are left out then, and the search goes on. */
  async #watched(eventId) {
    try {
      return await this.#watch(eventId);
    } catch (error) {
      if (error instanceof Problem && error.status !== 401) return null;
      this.#over = true;
      throw error;
    }
  }

  /** Asks for the event's steps until it is searchable or will never be. */
  async #watch(eventId) {
    const path = `/v1/events/${eventId}`;
    for (;;) {
      const status = await call("GET", path).catch((error) => error instanceof Problem && error.status === 503 ? null : Promise.reject(error));
      if (status) this.#show(status);
      const ended = status && status.outcome && (status.searchable || !["indexed", "deleted"].includes(status.outcome));
      if (ended || this.#over && status?.searchable || performance.now() - this.#began > GIVE_UP_MS) {
        if (status && !status.searchable) this.#over = true;
        return status;
      }
      if (!this.#box.isConnected) return status;
      await pause(ASK_EVERY_MS);
    }
  }

  #show({steps, outcome}) {
    const since = (ms, from) => `+${time(Math.max(0, ms - from))}`;
    if (steps.decided_ms) this.#done("decided", since(steps.decided_ms, steps.received_ms));
    if (steps.embedded_ms) this.#done("embedded", since(steps.embedded_ms, steps.received_ms));
    else if (outcome && !("title" in this.#changes)) this.#skipped("embedded", "not needed");
    if (steps.searchable_ms) this.#done("searchable", since(steps.searchable_ms, steps.received_ms));
  }

  /** A search as a shopper's: by the title. Its newest state must be in the answer. */
  async #find(order) {
    const text = this.#changes.title || this.#hit.content.title, brand = this.#hit.content.brand;
    const body = {text, limit: HITS, filters: brand ? {brand: [brand]} : {}};
    const seen = (hit) => {
      const places = ["title" in this.#changes ? hit.content_order : null, hit.offer_order].filter(Boolean);
      return places.every((place) => !after(order, place));
    };
    while (!this.#over && this.#box.isConnected && performance.now() - this.#began < GIVE_UP_MS) {
      const answer = await call("POST", "/v1/search", body).catch((error) => error instanceof Problem ? null : Promise.reject(error));
      const there = answer?.hits.find((hit) => hit.sku === this.#hit.sku);
      if (there && seen(there)) return there;
      await pause(ASK_EVERY_MS);
    }
    return null;
  }

  #end(there, took, status) {
    this.#over = true;
    this.#box.dataset.state = there ? "found" : "failed";
    figure(this.#clock, took);
    this.#verdict.textContent = there ? found(took, status) : notFound(status, took);
  }
}

function found(took, status) {
  const {received_ms: received, decided_ms: decided, embedded_ms: embedded, searchable_ms: searchable} = status?.steps || {};
  if (!decided || !searchable) return `A search found it ${time(took)} after you pressed the button.`;
  const inside = Math.max(0, searchable - received);
  const parts = [`${time(Math.max(0, decided - received))} to decide`];
  if (embedded) parts.push(`${time(Math.max(0, embedded - decided))} to embed`);
  parts.push(`${time(Math.max(0, searchable - (embedded || decided)))} to apply`);
  parts.push(`${time(Math.max(0, took - inside))} for the way there and the search`);
  return `A search found it ${time(took)} after you pressed the button: ${parts.join(", ")}.`;
}

function notFound(status, took) {
  if (status?.outcome === "dead-lettered") return `It was refused: ${status.meaning || status.reason}`;
  if (status?.outcome && !["indexed", "deleted"].includes(status.outcome)) return `It changed nothing (${status.outcome}).`;
  if (status?.searchable) return "It is searchable, and not among the first hundred for its own title.";
  const waits = {decide: "the catalog worker", embed: "the embed worker", apply: "the shard"}[status?.waiting];
  return `Not found after ${time(took)}${waits ? `: it waits for ${waits}` : ""}. It will be found when that is done.`;
}
