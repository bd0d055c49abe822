// Reads GET /v1/feed with fetch (EventSource cannot send a key), notices silence, and connects again.

import {headers} from "./api.js";

const SILENT_MS = 5000, RETRY_MS_MIN = 500, RETRY_MS_MAX = 5000;

/** Calls `on[event](data)` for each event and `state("up" | "down" | "key" | "full")` as the connection is. Runs for ever. */
export class Feed {
  #on; #state; #last = ""; #wait = RETRY_MS_MIN; #wake = () => {}; #control = null;

  constructor(on, state) {
    this.#on = on;
    this.#state = state;
  }

  async run() {
    for (;;) {
      const why = await this.#once().catch(() => "down");
      this.#state(why);
      await new Promise((resolve) => {
        this.#wake = resolve;
        setTimeout(resolve, why === "key" ? 3_600_000 : this.#wait);
      });
      this.#wait = Math.min(this.#wait * 2, RETRY_MS_MAX);
    }
  }

  /** Connects at once: a key was given, or the page is looked at again. */
  again() {
    this.#wait = RETRY_MS_MIN;
    this.#wake();
  }

  /** Lets go of the connection: a page that the browser only keeps for "back" must not hold one of its few. */
  leave() {
    this.#control?.abort();
  }

  async #once() {
    this.#control = new AbortController();
    let watch = setTimeout(() => this.#control.abort(), SILENT_MS);
    try {
      const response = await fetch("/v1/feed", {headers: headers(this.#last ? {"Last-Event-ID": this.#last} : {}), signal: this.#control.signal, cache: "no-store"});
      if (!response.ok) return {401: "key", 429: "full"}[response.status] || "down";
      this.#state("up");
      this.#wait = RETRY_MS_MIN;
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      let text = "";
      for (;;) {
        const {value, done} = await reader.read();
        if (done) return "down";
        clearTimeout(watch);
        watch = setTimeout(() => this.#control.abort(), SILENT_MS);
        const blocks = (text + value).split("\n\n");
        text = blocks.pop();
        blocks.forEach((block) => this.#take(block));
      }
    } finally {
      clearTimeout(watch);
    }
  }

  #take(block) {
    const fields = {};
    for (const line of block.split("\n")) {
      const cut = line.indexOf(": ");
      if (cut > 0) fields[line.slice(0, cut)] = line.slice(cut + 2);
    }
    if (fields.id) this.#last = fields.id;
    if (fields.data) this.#on[fields.event]?.(JSON.parse(fields.data));
  }
}
