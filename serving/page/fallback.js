// Says where the products come from when the query itself found too little.

const NAMES = {"understood.price": "the price in your words", in_stock: "“in stock”", price: "the price", brand: "the brand", category: "the category"};
const named = (filter) => NAMES[filter] || filter.replace("attributes.", "");

/** A sentence, or "" when the query itself found enough. */
export function fellBack({fallback}) {
  if (!fallback) return "";
  const {step, relaxed, dropped, category} = fallback;
  const without = relaxed.length ? `, without ${relaxed.map(named).join(", ")}` : "";
  if (step === "drop") return `Nothing has all of it: shown without “${dropped.join(" ")}”`;
  if (step === "relax") return `Nothing passes all filters: shown${without.slice(1)}`;
  if (step === "meaning") return `No product has these words: shown is what comes nearest${without}`;
  if (step === "bestsellers") return `Nothing found: shown is ${category.at(-1)}${without}`;
  return `Nothing found: shown is what is new${without}`;
}
