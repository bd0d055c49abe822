// Where a product stands in a search: its place, or the stage at which it fell out, and what would bring it to the first page.

import {call, failed} from "./api.js";
import {el, sentence} from "./elements.js";

const PAGE = 20;

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

function said({says, hint, rank_score: score, score_of_first: best, score_of_first_page: last, smallest_change: change, tried}) {
  const needed = best ?? last ?? null, whose = best === undefined ? "the last product of the first page has" : "hit 1 has";
  const scores = needed === null ? null : el("p", {text: `Its score is ${score.toFixed(3)}; ${whose} ${needed.toFixed(3)}.`});
  return [el("p", {text: sentence(says)}), scores, helps(hint, change, tried, needed !== null)].filter(Boolean);
}

function helps(hint, change, tried, ranked) {
  if (hint) return el("p", {}, el("b", {text: "What helps: "}), sentence(hint));
  if (change) {
    const {setting, before, after, rank, says} = change;
    const told = says ? ` instead of ${JSON.stringify(before)}: ${says} it would be hit ${rank}.` : ` instead of ${before} would make it hit ${rank}.`;
    return el("p", {}, el("b", {text: "The smallest change: "}), el("code", {text: `${setting}=${says ? JSON.stringify(after) : after}`}), told);
  }
  if (tried) return el("p", {}, el("b", {text: "Tried: "}), tried.map(({says, rank}) => says + (rank ? ` it would be hit ${rank}` : " it is not found")).join("; ") + ".");
  return ranked ? el("p", {text: "No weight of the ranking alone would bring it there."}) : null;
}
