// The widgets of the page, each as the library has it: what they show is chosen here, how it looks in the style sheet.

import {at, el, money, number, plural, say} from "./elements.js";
import {fellBack} from "./fallback.js";
import {card} from "./instantsearch_product.js";

const SHOWN_ANYWAY = ["brand", "category", "in_stock", "price", "name"];
const LEVELS = ["hierarchicalCategories.lvl0", "hierarchicalCategories.lvl1", "hierarchicalCategories.lvl2"];
const A_PAGE = 24, VALUES = 8, VALUES_MAX = 50, DECLARED_MAX = 10;
const ORDERS = {"": "Relevance", _price_asc: "Cheapest first", _price_desc: "Dearest first", _newest: "Newest first", _popularity: "Most popular first"};
const LABELS = {brand: "Brand", in_stock: "Availability", price: "Price", query: "Search"};

const label = (attribute) => LABELS[attribute] || (attribute.startsWith("hierarchicalCategories") ? "Category" : attribute.replaceAll(/[_.]/g, " "));

/** A widget with its name above it, and nothing where it has nothing to choose from. */
function panel(title, widget, empty) {
  return window.instantsearch.widgets.panel({hidden: (told) => Boolean(empty(told)), templates: {header: () => title}})(widget);
}

function list(container, attribute) {
  const {refinementList} = window.instantsearch.widgets;
  return panel(label(attribute), refinementList, ({items}) => !items?.length)({
    container, attribute, operator: "or", limit: VALUES, showMore: true, showMoreLimit: VALUES_MAX,
    searchable: attribute === "brand", searchablePlaceholder: `Find a ${label(attribute).toLowerCase()}`,
  });
}

/** Lists of what the shop has declared, below each other. */
function lists(attributes) {
  return attributes.filter((one) => !SHOWN_ANYWAY.includes(one)).slice(0, DECLARED_MAX).map((attribute) => {
    const container = el("div");
    at("declared").append(container);
    return list(container, attribute);
  });
}

/** All of the page. `chosen` is called with the hit that somebody opens. */
export function widgets(index, declared, chosen) {
  const made = window.instantsearch.widgets;
  return [
    made.configure({hitsPerPage: A_PAGE}),
    made.searchBox({container: "#searchbox", placeholder: "Search the catalogue", showReset: true}),
    made.stats({container: "#stats", templates: {text: ({nbHits, processingTimeMS}) => `${plural(nbHits, "product", "products")} in ${processingTimeMS} ms`}}),
    made.sortBy({container: "#sort", items: Object.entries(ORDERS).map(([end, name]) => ({value: index + end, label: name}))}),
    made.currentRefinements({container: "#current", transformItems: (items) => items.map((item) => ({...item, label: label(item.attribute)}))}),
    made.clearRefinements({container: "#clear", templates: {resetLabel: () => "Clear all"}}),
    panel("Category", made.hierarchicalMenu, ({items}) => !items?.length)({container: "#category", attributes: LEVELS, limit: VALUES, showMore: true, showMoreLimit: VALUES_MAX}),
    list("#brand", "brand"),
    panel("Price", made.rangeSlider, ({range}) => !range || range.min === range.max)({container: "#price", attribute: "price", pips: false, tooltips: {format: (value) => number(value)}}),
    panel("Availability", made.toggleRefinement, ({value}) => !value?.onFacetValue?.count && !value?.isRefined)({container: "#stock", attribute: "in_stock", templates: {labelText: ({count}, {html}) => html`In stock <small>${number(count || 0)}</small>`}}),
    ...lists(declared),
    made.hits({
      container: "#hits", escapeHTML: true,
      templates: {item: card(chosen), empty: ({query}, {html}) => html`<p>Nothing fits${query ? html` “${query}”` : ""}. Leave out a filter, or a word.</p>`},
    }),
    made.pagination({container: "#pages", padding: 2, scrollTo: "#found"}),
  ];
}

/** After each rendering: names for what the library leaves without one, and what was searched instead. */
export function follow(search) {
  for (const [turn, handle] of document.querySelectorAll("#price [role=slider]").entries()) {
    handle.setAttribute("aria-label", turn ? "Price to" : "Price from");
    handle.setAttribute("aria-valuetext", amount(handle.getAttribute("aria-valuenow"), search));
  }
  const told = search.helper?.lastResults?._rawResults?.[0]?.freshet, box = document.querySelector("#stats .ais-Stats-text");
  if (!box || !told) return;
  const other = fellBack(told), words = (told.corrected ? ` for “${told.corrected}”` : "") + (other && `. ${other}`);
  if (words && !box.textContent.includes(words)) say(box, box.textContent + words);
}

function amount(value, search) {
  const currency = search.helper?.lastResults?.hits.find((hit) => hit.currency)?.currency;
  return currency ? money({amount: Number(value), currency}) : String(value);
}
