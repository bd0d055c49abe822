// Asks for the first products while most of the page is still on its way.

import {call} from "./api.js";
import {question} from "./question.js";

const asked = question(1);
let answer = call("POST", "/v1/search", asked);
answer.catch(() => {});  // whoever takes it hears of it

/** The answer that is on its way, once, if it is to this very question. */
export function taken(body) {
  const found = JSON.stringify(body) === JSON.stringify(asked) ? answer : null;
  answer = null;
  return found;
}
