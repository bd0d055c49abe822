// As their guides show it: widgets, routing off, clicks by search-insights.
const host = new URLSearchParams(location.search).get("shop");
const liteClient = window["algoliasearch/lite"].liteClient;
const searchClient = liteClient("shop", "a-key-of-the-shop", {
  hosts: [{ url: host, protocol: "http", accept: "readWrite" }],
});
const { searchBox, stats, sortBy, refinementList, hierarchicalMenu, rangeInput, hits, pagination, configure } =
  instantsearch.widgets;
const search = instantsearch({
  indexName: "products",
  searchClient,
  insights: { insightsClient: window.aa, insightsInitParams: { host: `http://${host}`, userToken: "paddler" } },
});
search.addWidgets([
  configure({ hitsPerPage: 2, filters: "hierarchicalCategories.lvl0:Storefront" }),
  searchBox({ container: "#searchbox" }),
  stats({ container: "#stats" }),
  sortBy({
    container: "#sort",
    items: [
      { label: "Relevance", value: "products" },
      { label: "Dearest", value: "products_price_desc" },
    ],
  }),
  refinementList({ container: "#brand", attribute: "brand", searchable: true }),
  hierarchicalMenu({
    container: "#category",
    attributes: ["hierarchicalCategories.lvl0", "hierarchicalCategories.lvl1"],
  }),
  rangeInput({ container: "#price", attribute: "price" }),
  hits({
    container: "#hits",
    templates: {
      item: (hit, { html, components, sendEvent }) =>
        html`<b data-sku=${hit.objectID} onClick=${() => sendEvent("click", hit, "Hit clicked")}
          >${components.Highlight({ hit, attribute: "name" })}</b
        >`,
    },
  }),
  pagination({ container: "#pages" }),
]);
search.start();

const { autocomplete, getAlgoliaResults } = window["@algolia/autocomplete-js"];
autocomplete({
  container: "#autocomplete",
  detachedMediaQuery: "none", // without their style sheet it would be a button
  getSources: ({ query }) => [
    {
      sourceId: "products",
      getItems: () =>
        getAlgoliaResults({
          searchClient,
          queries: [{ indexName: "products", params: { query, hitsPerPage: 3 } }],
        }),
      templates: { item: ({ item, components, html }) => html`<i>${components.Highlight({ hit: item, attribute: "name" })}</i>` },
    },
  ],
});
