// The address bar holds what is searched, filters, order, and the product that is open: back, reload and sharing work.

const EMPTY = {q: "", exact: false, stock: false, brand: [], category: [], min: "", max: "", currency: "", sort: "", sku: ""};
const ATTRIBUTE = /^(a|is|n)\../;

/** Several values of one name are a list; `exact`: words are searched as they were typed. `attributes`: values by their
 * name in the address, "a.colour" of texts, "is.dimmable" of true and false, "n.watts" of "5..9". */
export function read() {
  const given = new URLSearchParams(location.search);
  const state = Object.fromEntries(Object.entries(EMPTY).map(([name, empty]) => {
    if (Array.isArray(empty)) return [name, given.getAll(name).filter(Boolean)];
    return [name, empty === false ? given.has(name) : given.get(name) || ""];
  }));
  const named = [...new Set(given.keys())].filter((name) => ATTRIBUTE.test(name));
  return {...state, attributes: Object.fromEntries(named.map((name) => [name, given.getAll(name).filter(Boolean)]))};
}

export function link({attributes, ...state}) {
  const query = new URLSearchParams();
  for (const [name, value] of [...Object.entries(state), ...Object.entries(attributes || {})]) {
    if (Array.isArray(value)) for (const one of value) query.append(name, one);
    else if (value) query.set(name, value === true ? "1" : value);
  }
  const text = query.toString();
  return text ? `${location.pathname}?${text}` : location.pathname;
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
