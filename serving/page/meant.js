// Says what was searched instead of misspelt words, and what else may be meant; each can be searched with a click.

import {at, el} from "./elements.js";

const place = at("meant");

const button = (text, click) => el("button", {type: "button", class: "quiet", text, onclick: click});

/** `search` is called with a text, and whether it is to be searched just as it is. */
export function show({corrected, did_you_mean: other}, search) {
  const said = [];
  if (corrected) said.push(`Searched as “${corrected.text}”. Instead: `, button(corrected.original, () => search(corrected.original, true)));
  if (other) said.push(corrected ? " " : "", "Did you mean ", button(other.text, () => search(other.text, false)), "?");
  place.replaceChildren(...said);
  place.hidden = !said.length;
}
