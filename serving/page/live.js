// What is happening: the figures of freshness, the last times as bars, how far each step is behind, every process.

import {keyForm, keyGiven} from "./api.js";
import * as changes from "./changes.js";
import {at, el, figure, number, say, shape, time} from "./elements.js";
import {Feed} from "./feed.js";

const BARS = 60, BAR_WIDTH = 6, HEIGHT = 48, QUICK_MS = 5, SLOW_MS = 1000, FRESH_MS_MAX = 3000;
const ROLES = {
  kafka: "keeps the log", catalog: "decides", embed: "embeds", shard: "searches", session: "learns from clicks",
  redis: "keeps sessions", serving: "answers",
};
const LAGS = {catalog: ["catalog_lag"], embed: ["contents_lag"], shard: ["documents_lag", "offers_lag"]};
const STATES = {
  starting: "Connecting", up: "Live", down: "Connection lost, trying again", key: "Needs the admin key",
  full: "Too many look on, trying again",
};
const times = new Map();
let lags = {}, processes = [], feed = null, unheard = 0;

function link(state) {
  at("link").dataset.state = state === "up" || state === "starting" ? state : "down";
  say(at("link"), STATES[state]);
  at("live").classList.toggle("stale", state !== "up");
  const form = document.querySelector(".live .key");
  if (state === "key" && !form) {
    at("changes").before(keyForm("What is happening is shown to those who have the admin key (FRESHET_ADMIN_KEY); searching is open to all.", () => {}));
  } else if (state !== "key") form?.remove();
  if (state !== "up") {
    processes = [];
    showProcesses();
  }
}

function showFreshness(now) {
  clearTimeout(unheard);
  unheard = setTimeout(noFreshness, FRESH_MS_MAX);
  for (const [id, value] of [["p50", now.fresh_p50_s], ["p95", now.fresh_p95_s]]) {
    if (value === null) say(at(id), "–");
    else figure(at(id), value * 1000);
  }
  const sum = (names) => {
    const found = names.flatMap((name) => now.partitions.map((one) => one[name]));
    return found.includes(null) ? null : found.reduce((total, one) => total + one, 0);
  };
  lags = Object.fromEntries(Object.entries(LAGS).map(([step, names]) => [step, sum(names)]));
  const known = Object.values(lags).filter((lag) => lag !== null);
  say(at("rate"), now.events_per_s >= 100 ? number(Math.round(now.events_per_s)) : now.events_per_s.toFixed(1));
  say(at("waiting"), number(known.reduce((total, one) => total + one, 0)));
  say(at("products"), number(now.products));
  showProcesses();
}

/** None came for FRESH_MS_MAX: what was is not what is. */
function noFreshness() {
  for (const id of ["p50", "p95", "rate", "waiting", "products"]) say(at(id), "–");
  lags = {};
  showProcesses();
}

function showProcesses() {
  const down = processes.some((one) => one.state === "down");
  document.querySelector('.tabs [data-to="live"]').toggleAttribute("data-alarm", down || at("link").dataset.state === "down");
  const rows = processes.map((one) => {
    const kind = one.name.split("-")[0], lag = lags[kind];
    const role = one.state !== "up" && one.reason ? one.reason : lag ? `${ROLES[kind]}, ${number(lag)} waiting` : ROLES[kind] || "";
    const state = one.state === "up" ? (one.uptime_s ? `up ${time(one.uptime_s * 1000)}` : "up") : `${one.state} ${time(Math.max(0, Date.now() - one.since_ms))}`;
    return el("li", {"data-name": one.name, "data-state": one.state, title: one.version ? `version ${one.version}, pid ${one.pid}` : null},
      el("b", {text: one.name}), el("span", {text: role}), el("span", {class: "state", text: state}));
  });
  at("processes").replaceChildren(...(rows.length ? rows : [el("li", {class: "none", text: "Not known while the connection is away."})]));
}

/** One bar for each of the last changes: its height grows with the logarithm of its time, 5 ms to 1 s. */
function showBars() {
  const last = [...times.values()].slice(-BARS);
  const bars = last.map((ms, index) => {
    const height = Math.max(3, Math.min(1, Math.log(Math.max(ms, QUICK_MS) / QUICK_MS) / Math.log(SLOW_MS / QUICK_MS)) * HEIGHT);
    return shape("rect", {x: (BARS - last.length + index) * BAR_WIDTH, y: HEIGHT - height, width: BAR_WIDTH - 2, height, class: ms >= SLOW_MS ? "slow" : ""});
  });
  at("bars").replaceChildren(...bars);
  const words = last.length ? `Times of the last ${last.length} changes, from ${time(Math.min(...last))} to ${time(Math.max(...last))}` : "No changes yet";
  at("bars").setAttribute("aria-label", words);
}

function took(change) {
  if (change.total_ms === null) return;
  times.set(change.event_id, change.total_ms);
  if (times.size > BARS) times.delete(times.keys().next().value);
  showBars();
}

/** `open(sku)` shows a product; each of `listeners` hears of each change. */
export function start({open, listeners}) {
  changes.start(open);
  feed = new Feed({
    change(change) {
      changes.add(change);
      took(change);
      for (const listener of listeners) listener(change);
    },
    more: ({count}) => changes.more(count),
    freshness: showFreshness,
    processes: (now) => { processes = now.processes; showProcesses(); },
    dropped: () => {},
  }, link);
  keyGiven.addEventListener("key", () => feed.again());
  document.addEventListener("visibilitychange", () => { if (!document.hidden) feed.again(); });
  addEventListener("online", () => feed.again());
  addEventListener("pagehide", () => feed.leave());
  addEventListener("pageshow", () => feed.again());
  feed.run();
}
