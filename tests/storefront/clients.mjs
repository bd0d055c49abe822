// Every call of Algolia's own clients that docs/instantsearch.md names, against the running shop at argv[2].
// Prints the names of those that did what they should, and on stderr why others did not.
import assert from "node:assert/strict";
import { recommendClient } from "@algolia/recommend";
import { algoliasearch } from "algoliasearch";
import { createElement } from "react";
import { renderToString } from "react-dom/server";
import {
  InstantSearch,
  InstantSearchSSRProvider,
  getServerState,
  useHits,
  useRefinementList,
} from "react-instantsearch";
import insights from "search-insights";

const shop = new URL(process.argv[2]);
const hosts = [{ url: shop.host, protocol: "http", accept: "readWrite" }];
const client = algoliasearch("shop", "a-key-of-the-shop", { hosts });
const recommend = recommendClient("shop", "a-key-of-the-shop", { hosts });
const indexName = "products";
const done = [];

async function step(name, call) {
  try {
    await call();
    done.push(name);
  } catch (error) {
    console.error(`${name}: ${error.message}`);
  }
}

async function written({ taskID }) {
  await client.waitForTask({ indexName, taskID });
}

const record = (objectID, name, more) => ({
  objectID,
  name,
  brand: "Nordlicht",
  price: 20,
  currency: "EUR",
  stock: 5,
  hierarchicalCategories: { lvl0: "Storefront", lvl1: "Storefront > Kayaks" },
  ...more,
});
const KAYAKS = [
  record("kayak-1", "River kayak", { price: 400, specs: { metres: 3.2 }, description: "A kayak for rivers & lakes" }),
  record("kayak-2", "Sea kayak", { price: 900, brand: "Fjord" }),
  record("kayak-3", "Inflatable kayak", { price: 150, stock: 0 }),
];

await step("setSettings", async () => written(await client.setSettings({ indexName, indexSettings: { ranking: [] } })));
await step("getSettings", async () => {
  assert.ok((await client.getSettings({ indexName })).attributesForFaceting.includes("brand"));
});
await step("indexExists", async () => {
  assert.equal(await client.indexExists({ indexName }), true);
  assert.equal(await client.indexExists({ indexName: "nope" }), false);
});
await step("saveObjects", async () => {
  await client.saveObjects({ indexName, objects: KAYAKS, waitForTasks: true });
});
await step("searchSingleIndex", async () => {
  const filters = "hierarchicalCategories.lvl0:Storefront AND price < 500";
  const found = await client.searchSingleIndex({ indexName, searchParams: { query: "kayak", filters } });
  assert.deepEqual(found.hits.map((hit) => hit.objectID).sort(), ["kayak-1", "kayak-3"]);
  const river = found.hits.find((hit) => hit.objectID === "kayak-1");
  assert.deepEqual([river.name, river.price, river.specs], ["River kayak", 400, { metres: 3.2 }]);
  assert.equal(river._highlightResult.name.value, "River <em>kayak</em>");
});
await step("search", async () => {
  const facetFilters = [["brand:Nordlicht", "brand:Fjord"], "in_stock:true"];
  const { results } = await client.search({
    requests: [
      { indexName, query: "kayak", facets: ["brand", "price"], facetFilters, hitsPerPage: 1, clickAnalytics: true },
      { indexName: "products_price_desc", query: "kayak", params: { hitsPerPage: 2 } },
      { indexName, type: "facet", facet: "brand", facetQuery: "fj" },
    ],
  });
  assert.deepEqual([results[0].nbHits, results[0].nbPages, results[0].hits.length], [2, 2, 1]);
  assert.deepEqual(results[0].facets.brand, { Fjord: 1, Nordlicht: 1 });
  assert.deepEqual([results[0].facets_stats.price.min, results[0].facets_stats.price.max], [400, 900]);
  assert.deepEqual(results[0].facets.price, { 400: 1, 900: 1 });
  assert.match(results[0].queryID, /^[0-9a-f]{32}$/);
  assert.deepEqual(results[1].hits.map((hit) => hit.objectID), ["kayak-2", "kayak-1"]);
  assert.deepEqual(results[2].facetHits, [{ value: "Fjord", highlighted: "<em>Fj</em>ord", count: 1 }]);
});
await step("searchForFacetValues", async () => {
  const { facetHits } = await client.searchForFacetValues({
    indexName,
    facetName: "hierarchicalCategories.lvl1",
    searchForFacetValuesRequest: { facetQuery: "kay" },
  });
  assert.deepEqual(facetHits.map(({ value, count }) => [value, count]), [["Storefront > Kayaks", 3]]);
});
await step("getObject", async () => {
  const found = await client.getObject({ indexName, objectID: "kayak-1", attributesToRetrieve: ["name"] });
  assert.deepEqual(found, { objectID: "kayak-1", name: "River kayak" });
  await assert.rejects(client.getObject({ indexName, objectID: "nope" }), { status: 404 });
});
await step("getObjects", async () => {
  const { results } = await client.getObjects({
    requests: ["kayak-2", "nope"].map((objectID) => ({ indexName, objectID })),
  });
  assert.deepEqual(results.map((one) => one && one.name), ["Sea kayak", null]);
});
await step("getRecommendations", async () => {
  const ask = (model) => ({ indexName, model, objectID: "kayak-1", threshold: 0, maxRecommendations: 2 });
  const { results } = await recommend.getRecommendations({
    requests: ["related-products", "looking-similar", "bought-together"].map(ask),
  });
  assert.deepEqual(results.map((one) => one.hits.length), [2, 2, 0]);
  assert.deepEqual(results[0].hits.map((hit) => hit.objectID).sort(), ["kayak-2", "kayak-3"]);
  assert.ok(results[0].hits[0]._score > 0);
});
const price = async (objectID) => (await client.getObject({ indexName, objectID })).price;
await step("partialUpdateObject", async () => {
  await written(await client.partialUpdateObject({ indexName, objectID: "kayak-1", attributesToUpdate: { stock: 9 } }));
  assert.equal((await client.getObject({ indexName, objectID: "kayak-1" })).stock, 9);
});
await step("partialUpdateObjects", async () => {
  const objects = [{ objectID: "kayak-1", price: 410, currency: "EUR" }];
  await client.partialUpdateObjects({ indexName, objects, waitForTasks: true });
  assert.equal(await price("kayak-1"), 410);
});
await step("addOrUpdateObject", async () => {
  const body = record("kayak-2", "Sea kayak", { price: 950 });
  await written(await client.addOrUpdateObject({ indexName, objectID: "kayak-2", body }));
  assert.equal(await price("kayak-2"), 950);
});
await step("multipleBatch", async () => {
  const body = record("kayak-3", "Inflatable kayak", { price: 155 });
  const { taskID } = await client.multipleBatch({ requests: [{ action: "updateObject", indexName, body }] });
  await written({ taskID: taskID[indexName] });
  assert.equal(await price("kayak-3"), 155);
});
await step("saveObject", async () => {
  const { objectID, ...body } = record("", "Paddle");
  const saved = await client.saveObject({ indexName, body });
  await written(saved);
  assert.equal((await client.getObject({ indexName, objectID: saved.objectID })).name, "Paddle");
  await step("deleteObject", async () => {
    await written(await client.deleteObject({ indexName, objectID: saved.objectID }));
    await assert.rejects(client.getObject({ indexName, objectID: saved.objectID }), { status: 404 });
  });
});
await step("waitForTask", async () => {
  assert.equal((await client.waitForTask({ indexName, taskID: 0 })).status, "published");
});
for (const [name, asked] of [
  ["browse", {}],
  ["clearObjects", {}],
  ["deleteBy", { deleteByParams: { filters: "brand:Fjord" } }],
  ["listIndices", {}],
  ["saveRules", { rules: [] }],
  ["saveSynonyms", { synonymHit: [] }],
  ["replaceAllObjects", { objects: KAYAKS }],
]) {
  await step(name, async () => {
    await assert.rejects(client[name]({ indexName, ...asked }), ({ status }) => status === 404 || status === 405);
  });
}
await step("react-instantsearch", async () => {
  const List = () =>
    createElement(
      "ul",
      null,
      useRefinementList({ attribute: "brand" }).items.map(({ label, count }) => `[${label} ${count}]`),
      useHits().items.map((hit) => createElement("li", { key: hit.objectID }, hit.name)),
    );
  const initialUiState = { [indexName]: { query: "kayak", refinementList: { brand: ["Nordlicht"] } } };
  const App = ({ state }) =>
    createElement(
      InstantSearchSSRProvider,
      state,
      createElement(InstantSearch, { searchClient: client, indexName, initialUiState }, createElement(List)),
    );
  const state = await getServerState(createElement(App), { renderToString });
  const html = renderToString(createElement(App, { state }));
  for (const name of ["River kayak", "Sea kayak", "Inflatable kayak"]) assert.ok(html.includes(name), html);
  assert.ok(html.includes("[Nordlicht 3]"), html);
});
await step("search-insights", async () => {
  insights("init", { appId: "shop", apiKey: "a-key-of-the-shop", host: shop.origin, userToken: "kayaker" });
  const about = { index: indexName, eventName: "Kayaks", objectIDs: ["kayak-1"] };
  const queryID = "0123456789abcdef0123456789abcdef";
  const objectData = [{ price: 410, quantity: 2 }];
  for (const [event, more] of [
    ["viewedObjectIDs", {}],
    ["clickedObjectIDsAfterSearch", { queryID, positions: [2] }],
    ["addedToCartObjectIDsAfterSearch", { queryID, objectData, currency: "EUR" }],
    ["purchasedObjectIDs", { objectData, currency: "EUR" }],
    ["convertedFilters", { objectIDs: undefined, filters: ["brand:Fjord"] }],
  ]) {
    assert.equal(await insights(event, { ...about, ...more }), true, event);
  }
});
await step("deleteObjects", async () => {
  const objectIDs = [KAYAKS[0].objectID];
  await client.deleteObjects({ indexName, objectIDs, waitForTasks: true });
  await assert.rejects(client.getObject({ indexName, objectID: objectIDs[0] }), { status: 404 });
  await client.saveObjects({ indexName, objects: KAYAKS, waitForTasks: true }); // for the shop's page
});
console.log(JSON.stringify(done));
