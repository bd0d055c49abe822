// Where a product stands in a search: its place, or the stage at which it fell out, and what would bring it to the first page.

import {call, failed} from "./api.js";
import {el, sentence} from "./elements.js";

const PAGE = 20;
const CHARS_MAX = 40; // a longer value is only named: the API tells it

export async function inSearch(sku, words, again) {
  try {
    const asked = {text: words, limit: PAGE, fallback: [], explain: true, explain_sku: sku}; // by the words as they are
    const {explain} = await call("POST", "/v1/search", asked);
    return section(words, ...(explain ? said(explain.sku) : [el("p", {text: "This key does not see all products, so the tier does not tell how they were ranked."})]));
  } catch (error) {
    return section(words, failed(error, "Explanations need the key.", again));
  }
}

function section(words, ...parts) {
  return el("section", {"aria-label": "In a search"}, el("h3", {text: `In a search for “${words}”`}), ...parts);
}

function said({says, hint, rank_score: score, score_of_first: best, score_of_first_page: last, smallest_change: change, tried, ...lists}) {
  const wanted = best ?? last ?? null, whose = best === undefined ? "the last product of the first page has" : "hit 1 has";
  const scores = wanted === null ? null : el("p", {text: `Its score is ${score.toFixed(3)}; ${whose} ${wanted.toFixed(3)}.`});
  return [el("p", {text: sentence(says)}), needed(lists), scores, helps(hint, change, tried, wanted !== null)].filter(Boolean);
}

function helps(hint, change, tried, ranked) {
  if (hint) return el("p", {}, el("b", {text: "What helps: "}), sentence(hint));
  if (change) return smallest(change);
  if (tried) return el("p", {}, el("b", {text: "Tried: "}), tried.map(place).join("; ") + ".");
  return ranked ? el("p", {text: "No weight of the ranking alone would bring it there."}) : null;
}

function smallest({setting, before, after, rank, says}) {
  const name = el("b", {text: "The smallest change: "}), value = JSON.stringify(after);
  if (!says) return el("p", {}, name, el("code", {text: `${setting}=${after}`}), ` instead of ${before} would make it hit ${rank}.`);
  const instead = el("code", {text: value.length > CHARS_MAX ? setting : `${setting}=${value}`});
  return el("p", {}, name, `${says} it would be hit ${rank} (`, instead, ").");
}

/** What a candidate has in each list that the product is too far down in. */
function needed({last = {}, ...lists}) {
  const told = Object.keys(last).filter((way) => lists[way]?.score).map((way) => `by ${way} is ${lists[way].score.toFixed(3)}, that of the last of them ${last[way].toFixed(3)}`);
  return told.length ? el("p", {text: `Its score ${told.join("; ")}.`}) : null;
}

function place({says, rank, among}) {
  return `${says} it would ${rank ? `be hit ${rank}` : `not be among the first ${among} hits`}`;
}
