// What this visitor does: a session that lives as long as the tab, and what it does, sent as it happens.

import {call} from "./api.js";
import {at} from "./elements.js";

const ID = "freshet.session", PERSONALISE = "freshet.personalise", ACTED = "freshet.acted";

export const news = new EventTarget();

export function id() {
  let known = sessionStorage.getItem(ID);
  if (!known) {
    known = [...crypto.getRandomValues(new Uint8Array(12))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    sessionStorage.setItem(ID, known);
  }
  return known;
}

export const personalise = () => sessionStorage.getItem(PERSONALISE) !== "no";
export const acted = () => sessionStorage.getItem(ACTED) === "yes";

/** Sends a view, click, add_to_cart or purchase. A shopper is never told when that fails: the click is just not counted. */
export async function send(type, sku, more = {}) {
  sessionStorage.setItem(ACTED, "yes");
  show();
  const click = {schema_version: 1, type, session: id(), sku, at_ms: Date.now(), ...more};
  await call("POST", "/v1/clicks", click, {keepalive: true}).catch(() => null);
  news.dispatchEvent(new Event("clicked"));
}

function show() {
  at("session").hidden = !acted();
  at("personalise").checked = personalise();
}

export function start() {
  at("personalise").addEventListener("change", (event) => {
    sessionStorage.setItem(PERSONALISE, event.target.checked ? "yes" : "no");
    news.dispatchEvent(new Event("switched"));
  });
  at("fresh").addEventListener("click", () => {
    for (const name of [ID, ACTED, PERSONALISE]) sessionStorage.removeItem(name);
    news.dispatchEvent(new Event("forgotten"));
    show();
    at("text").focus();
    news.dispatchEvent(new Event("switched"));
  });
  show();
}
