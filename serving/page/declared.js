// Which attributes the shop has declared, and by which of them products are variants of one thing.

import {call} from "./api.js";
import {at} from "./elements.js";

const said = at("shop").dataset.variants;
/** What joins variants: as the shop says, else the first of these that is declared. */
export const VARIANTS = said ? [said] : ["group", "family", "item_group_id", "variant_group", "parent_sku"];
const PREFIX = "attributes.";
let known = null;

/** Takes them from the facets of an answer that was asked for all of them. */
export function told(facets) {
  known = Object.keys(facets).filter((field) => field.startsWith(PREFIX)).map((field) => field.slice(PREFIX.length));
}

/** Their names; asked for once where no answer has told them yet. */
export async function declared() {
  if (!known) told((await call("POST", "/v1/search", {limit: 1, facets: ["*"]})).facets);
  return known;
}
