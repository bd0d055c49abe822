// The address bar holds what is searched, the filters, and the product that is open: back, reload and sharing work.

const EMPTY = {q: "", stock: false, brand: "", category: "", min: "", max: "", sku: ""};

export function read() {
  const given = new URLSearchParams(location.search);
  const found = {...EMPTY};
  for (const name of Object.keys(EMPTY)) if (given.has(name)) found[name] = given.get(name);
  found.stock = given.has("stock");
  return found;
}

export function link(state) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(state)) if (value) query.set(name, value === true ? "1" : value);
  const text = query.toString();
  return text ? `/?${text}` : "/";
}

const TYPING_MS = 1500;
let typedAt = -Infinity;

/** Puts the state into the address: a new entry in the history, or over the last one while somebody is typing. */
export function write(changes, {typing = false} = {}) {
  const next = link({...read(), ...changes});
  if (next === location.pathname + location.search) return;
  const over = typing && performance.now() - typedAt < TYPING_MS;
  typedAt = typing ? performance.now() : -Infinity;
  history[over ? "replaceState" : "pushState"]({ours: true}, "", next);
}

/** Leaves the open product: back where we came from, or the same place without it when it was opened by its address. */
export function leave() {
  if (!read().sku) return;
  if (history.state?.ours) history.back();
  else history.replaceState(null, "", link({...read(), sku: ""}));
}
