"""What somebody feels who opens the shop: when something is seen, when products are, what moves, how much is sent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, Final

from bench.chromium import Event, Tab, found_chromium, opened_tab
from schemas.errors import Unavailable

WAITS_MS: Final = 60_000
QUIET_MS: Final = 1_000
"""What moves the page after its products are there still counts so long."""


@dataclass(frozen=True)
class Device:
    """A screen, and how slow all is behind it."""

    width: int
    height: int
    slower: float = 1.0
    """How many times slower than here it computes."""
    latency_ms: float = 0.0
    down_bytes_s: float = -1.0
    up_bytes_s: float = -1.0


DEVICES: Final[Mapping[str, Device]] = {
    "phone": Device(360, 780, 4.0, 562.5, 1_600_000 / 8 * 0.9, 750_000 / 8 * 0.9),
    "desktop": Device(1440, 900),
}
"""`phone`: a cheap one, its CPU 4 times slower, on "Fast 3G" as Chromium has it: 562 ms a request, 1.4 Mbit/s."""

WATCH: Final = """
window.seen = {moved: 0};
new PerformanceObserver((list) => {
  for (const one of list.getEntries()) if (!one.hadRecentInput) seen.moved += one.value;
}).observe({type: "layout-shift", buffered: true});
new PerformanceObserver((list) => {
  seen.painted = list.getEntriesByName("first-contentful-paint")[0]?.startTime ?? seen.painted;
}).observe({type: "paint", buffered: true});
new MutationObserver((_, watch) => {
  if (!document.querySelector("#results .card")) return;
  watch.disconnect();
  requestAnimationFrame(() => { seen.products = performance.now(); });
}).observe(document, {childList: true, subtree: true});
"""
LOADED: Final = """
new Promise((done, failed) => {
  const began = performance.now();
  const look = () => {
    if (seen.products !== undefined && seen.painted !== undefined) setTimeout(() => done(seen), %(quiet)d);
    else if (performance.now() - began > %(waits)d) failed(new Error("no products were shown"));
    else setTimeout(look, 20);
  };
  look();
})
"""
TYPED: Final = """
new Promise((done, failed) => {
  const field = document.getElementById("text"), list = document.getElementById("results");
  let pressed = 0;
  addEventListener("keydown", () => { pressed = performance.now(); }, {capture: true, once: true});
  const watch = new MutationObserver(() => {
    if (!pressed || list.getAttribute("aria-busy") !== "false") return;
    watch.disconnect();
    requestAnimationFrame(() => done(performance.now() - pressed));
  });
  watch.observe(list, {attributes: true, attributeFilter: ["aria-busy"]});
  setTimeout(() => failed(new Error("no result came after a key")), %(waits)d);
  field.focus();
})
"""
KEYS: Final = "lamp"


class Sent:
    """Counts what comes over the network, by what it is: not the pictures that stand in an answer."""

    def __init__(self) -> None:
        self.kinds: dict[str, str] = {}
        self.bytes = {"page": 0, "answers": 0}
        self.requests = 0

    def hear(self, event: Event) -> None:
        told = event.get("params", {})
        if event.get("method") == "Network.responseReceived" and not told["response"]["url"].startswith("data:"):
            self.kinds[told["requestId"]] = "answers" if told["type"] in ("Fetch", "XHR") else "page"
        elif event.get("method") == "Network.loadingFinished" and told["requestId"] in self.kinds:
            self.requests += 1
            self.bytes[self.kinds[told["requestId"]]] += int(told["encodedDataLength"])


async def measure_page(url: str, device: str, runs: int, browser: str = "") -> dict[str, Any]:
    """Medians over `runs` first visits, each in a browser of its own. Times in ms. Raises Unavailable."""
    program = found_chromium(browser)
    visits = [await visit(program, url, DEVICES[device]) for _ in range(runs)]
    return {"url": url, "device": device, "runs": runs, **medians(visits), "visits": visits}


def medians(visits: Sequence[Mapping[str, float]]) -> dict[str, float]:
    return {name: round(median(one[name] for one in visits), 3) for name in visits[0]}


async def visit(program: str, url: str, device: Device) -> dict[str, float]:
    """Opens the page, waits for products, types a word letter by letter."""
    sent = Sent()
    async with opened_tab(program, sent.hear) as tab:
        await _become(tab, device)
        await tab.call("Page.addScriptToEvaluateOnNewDocument", source=WATCH)
        opened = await tab.call("Page.navigate", url=url)
        if "errorText" in opened:
            raise Unavailable(f"{url} cannot be opened: {opened['errorText']}", hint="is it running? freshet status")
        limits = {"quiet": QUIET_MS, "waits": WAITS_MS}
        seen = await tab.run(LOADED % limits)
        first = {"page_bytes": sent.bytes["page"], "answer_bytes": sent.bytes["answers"], "requests": sent.requests}
        waits_ms = [await _press(tab, key, limits) for key in KEYS]
        moved = await tab.run("seen.moved")
    return {
        "first_paint_ms": round(seen["painted"], 1),
        "first_products_ms": round(seen["products"], 1),
        "key_to_result_ms": round(median(waits_ms), 1),
        "key_to_result_max_ms": round(max(waits_ms), 1),
        "layout_shift": round(moved, 4),
        **first,
    }


async def _become(tab: Tab, device: Device) -> None:
    for domain in ("Page", "Network", "Runtime"):
        await tab.call(f"{domain}.enable")
    size = {"width": device.width, "height": device.height, "deviceScaleFactor": 1, "mobile": device.width < 600}
    await tab.call("Emulation.setDeviceMetricsOverride", **size)
    await tab.call("Emulation.setCPUThrottlingRate", rate=device.slower)
    await tab.call(
        "Network.emulateNetworkConditions",
        offline=False,
        latency=device.latency_ms,
        downloadThroughput=device.down_bytes_s,
        uploadThroughput=device.up_bytes_s,
    )


async def _press(tab: Tab, key: str, limits: Mapping[str, int]) -> float:
    """ms from the key to the frame with its result."""
    await tab.call("Runtime.evaluate", expression=f"window.result = {TYPED % limits}; 0")
    await tab.call("Input.dispatchKeyEvent", type="keyDown", key=key, text=key)
    await tab.call("Input.dispatchKeyEvent", type="keyUp", key=key)
    waited: float = await tab.run("window.result")
    return waited
