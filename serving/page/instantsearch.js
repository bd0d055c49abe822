// A shop built with Algolia's instantsearch.js and nothing of Freshet's own but the two lines that name its address.

import {headers, keyForm} from "./api.js";
import {at} from "./elements.js";
import {open} from "./instantsearch_product.js";
import {follow, widgets} from "./instantsearch_widgets.js";

const INDEX = "products", USER = "freshet.session";
const key = headers()["X-Freshet-Key"] || "none-is-needed";

/** Names who clicks for as long as the tab is open. */
function userToken() {
  const known = sessionStorage.getItem(USER) || [...crypto.getRandomValues(new Uint8Array(12))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  sessionStorage.setItem(USER, known);
  return known;
}

const searchClient = window["algoliasearch/lite"].liteClient("shop", key, {
  hosts: [{ url: location.host, protocol: location.protocol.slice(0, -1), accept: "readWrite" }],
});
const search = window.instantsearch({
  indexName: INDEX,
  searchClient,
  insights: {
    insightsClient: window.aa,
    insightsInitParams: {
      host: location.origin,
      userToken: userToken(),
    },
  },
  routing: {
    router: window.instantsearch.routers.history({cleanUrlOnDispose: false}),
    stateMapping: window.instantsearch.stateMappings.singleIndex(INDEX),
  },
  future: {preserveSharedStateOnUnmount: true},
});

function fault(status, message) {
  at("fault").hidden = false;
  if (status === 401 || status === 403) at("fault").replaceChildren(keyForm(message, () => location.reload()));
  else at("fault").textContent = message;
}

search.on("error", ({error}) => fault(error.status, error.message));
search.on("render", () => {
  at("fault").hidden ||= search.status === "idle";
  follow(search);
});

/** What the shop has declared to be counted, beside what the page shows anyway. */
async function declared() {
  const response = await fetch(`/1/indexes/${INDEX}/settings`, {headers: headers()});
  const told = await response.json();
  if (response.ok) return told.attributesForFaceting;
  fault(response.status, told.message);
  return [];
}

at("refine").addEventListener("click", () => {
  const shown = document.body.classList.toggle("refining");
  at("refine").setAttribute("aria-expanded", String(shown));
});
declared().then((fields) => {
  search.addWidgets(widgets(INDEX, fields, (hit, sendEvent) => open(search, hit, sendEvent)));
  search.start();
});
