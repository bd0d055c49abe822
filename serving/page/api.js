// Talks to the tier: JSON in and out, errors as sentences, the key from this tab's memory only.

import {el} from "./elements.js";

const KEY = "freshet.key", SENDABLE = /^[!-~]([ -~]*[!-~])?$/;
export const keyGiven = new EventTarget();

/** An answer that is no success. `code` is stable; `message` is for people. */
export class Problem extends Error {
  constructor(status, code, message) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

export const hasKey = () => sessionStorage.getItem(KEY) !== null;

/** Keeps a key for this tab, or forgets it with null. */
export function useKey(key) {
  if (key === null) sessionStorage.removeItem(KEY);
  else sessionStorage.setItem(KEY, key);
  keyGiven.dispatchEvent(new Event("key"));
}

export function headers(more = {}) {
  const key = sessionStorage.getItem(KEY);
  return key ? {...more, "X-Freshet-Key": key} : more;
}

/** The JSON of a good answer. Throws Problem; an aborted call throws AbortError. */
export async function call(method, path, body, {signal, keepalive, type = "application/json"} = {}) {
  let response;
  try {
    response = await fetch(path, {
      method, signal, keepalive,
      headers: headers(body === undefined ? {} : {"Content-Type": type}),
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem(0, "away", "Freshet does not answer.");
  }
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) {
    const words = answer.problems?.map((one) => `${one.field}: ${one.problem}`).join("; ");
    throw new Problem(response.status, answer.code || "", words || answer.detail || `The answer was ${response.status}.`);
  }
  return answer;
}

/** A small form that asks for a key and says why; `again` is called when one was given. */
export function keyForm(why, again, name = "Admin key") {
  const field = el("input", {type: "password", autocomplete: "off", "aria-label": name, required: true, oninput() {
    field.setCustomValidity("");
  }});
  return el("form", {
    class: "key",
    onsubmit(event) {
      event.preventDefault();
      field.setCustomValidity(SENDABLE.test(field.value) ? "" : "Only ASCII letters, digits and signs can be sent in a header.");
      if (!field.reportValidity()) return;
      useKey(field.value);
      again();
    },
  }, el("p", {text: `${why} It stays in this tab and is forgotten with it.`}), el("div", {}, field, el("button", {class: "button", text: "Use key"})));
}

/** What stands where an answer should: the form for the key, or a sentence. Throws what is no Problem again. */
export function failed(error, why, again, attributes = {}) {
  if (!(error instanceof Problem)) throw error;
  return error.status === 401 || error.status === 403 ? keyForm(why, again) : el("p", {...attributes, text: error.message});
}
