"""Rows of the browser: time to content on a slow machine, page weight, latency of sliders."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, CDPSession, Locator, Page, sync_playwright

from app.content.sections import SECTIONS
from app.widgets.registry import WIDGETS
from tests.conftest import CHROMIUM_FLAGS
from tools.bench.samples import percentile
from tools.bench.serving import fetch, served
from tools.bench.table import Row

BARE = ("-m", "uvicorn", "tools.bench.bare_pages:create", "--factory", "--port", "0")

RUNS = 3
PATIENCE_MS = 90_000
CPU_SLOWDOWN, ROUND_TRIP_MS, DOWN_MBIT, UP_MBIT = 4, 150, 1.6, 0.75
FAR_MS = 100
"""round trip to the server in the rows of sliders, in milliseconds"""
MOVES = 60
FRAME_MS = 16

OPENED = {
    "reward-modeling": ("reward_separation", "reward_chosen"),
    "beta": ("beta_effect", "beta"),
}
"""sections to open, each with its widget and the slider to move"""

SEEN = {
    "number": ("first number", "the number of a page without script or style", 1.5),
    "chart": (
        "first chart, drawn by the server",
        "a line in an SVG on a page without script or style",
        4,
    ),
    "interactive": (
        "first interactive chart, drawn by Plotly",
        "a page with nothing but Plotly and the same figure",
        4,
    ),
    "response": (
        "first response to a slider that is dragged as soon as the chart is interactive",
        "a page whose slider asks the server for one character",
        1,
    ),
}
"""each with what it measures, its floor, and its target in seconds"""

DRAGGED = [
    (name, control)
    for name in ("reward_separation", "dpo_loss", "beta_effect")
    if (ranges := WIDGETS[name].ranges) is not None
    for control in ranges.along
]

# Times at which a number, a chart, and a chart drawn by Plotly are first painted in the viewport, and delays
# from each move of a slider to the next change of a number.
WATCH = """(() => {
  const seen = (window.benchSeen = {}), delays = (window.benchDelays = []), moves = [];
  const wanted = { number: "[data-field]", chart: ".chart svg", interactive: ".chart svg.main-svg" };
  const visible = (selector) => [...document.querySelectorAll(selector)].some((element) => {
    const box = element.getBoundingClientRect();
    return box.width > 0 && box.height > 0 && box.bottom > 0 && box.top < innerHeight;
  });
  const look = () => {
    const fresh = Object.keys(wanted).filter((name) => !(name in seen) && visible(wanted[name]));
    for (const name of fresh) seen[name] = Infinity;
    const painted = new MessageChannel();
    painted.port1.onmessage = () => fresh.forEach((name) => { seen[name] = performance.now(); });
    if (fresh.length) painted.port2.postMessage(0);
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
  addEventListener("input", (event) => moves.push(event.timeStamp), true);
  const element = ({ target }) => (target.nodeType === 1 ? target : target.parentElement);
  new MutationObserver((changes) => {
    if (!changes.some((change) => element(change)?.closest("[data-field]"))) return;
    for (const at of moves.splice(0)) delays.push(performance.now() - at);
  }).observe(document, { subtree: true, childList: true, characterData: true });
})()"""

# Nothing is visible before the first paint.
TAKEN = """() => {
  const painted = performance.getEntriesByName("first-contentful-paint")[0].startTime;
  const seen = Object.entries(window.benchSeen).map(([name, at]) => [name, Math.max(at, painted)]);
  return Object.fromEntries([...seen, ["response", window.benchDelays[0] ?? null]]);
}"""

FRAMES = """async () => {
  const frame = () => new Promise(requestAnimationFrame), times = [];
  for (let before = await frame(); times.length < 60; ) {
    const now = await frame();
    times.push(now - before);
    before = now;
  }
  return times;
}"""


def rows() -> Iterator[Row]:
    """Measure all rows, each page after one request to warm the server up."""
    with served() as server, served(BARE) as bare, chromium() as browser:
        for widget, control in DRAGGED:
            yield slider(browser, server.address, widget, control)
        for each in SECTIONS:
            fetch(f"{server.address}/sections/{each.slug}")
        for section in OPENED:
            yield from times(browser, server.address, section, bare.address)
        yield from weights(browser, server.address, bare.address)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, headless. Raises RuntimeError if it is missing."""
    path = shutil.which("chromium")
    if path is None:
        raise RuntimeError("chromium is missing: `make browser` installs it")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM_FLAGS)
        yield browser
        browser.close()


@contextmanager
def _page(
    browser: Browser, width: int = 1280, height: int = 900
) -> Iterator[tuple[Page, CDPSession]]:
    """A page with an empty cache that records its own times, and a CDP session for it."""
    context = browser.new_context(viewport={"width": width, "height": height})
    try:
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.add_init_script(WATCH)
        yield page, context.new_cdp_session(page)
    finally:
        context.close()


def slider(browser: Browser, address: str, widget: str, control: str) -> Row:
    """Delay from input to text while dragging, 100 ms away from the server."""
    drags, frames = [], []
    for _ in range(RUNS):
        drags.append(input_to_text(browser, f"{address}/widgets/{widget}", control))
        with _page(browser) as (page, _):
            frames.append(percentile(page.evaluate(FRAMES), 95))
    middles = [percentile(drag, 50) for drag in drags]
    return Row(
        f"{widget}, {control}: p95 from input to text in a drag of {MOVES} moves, {FAR_MS} ms from "
        f"the server; p50 {min(middles):.1f} to {max(middles):.1f} ms",
        "ms",
        [percentile(drag, 95) for drag in drags],
        frames,
        "p95 between frames of an empty page in the same browser",
        most=FRAME_MS,
    )


def input_to_text(browser: Browser, address: str, control: str) -> list[float]:
    """Milliseconds from each move of a drag to changed numbers."""
    with _page(browser) as (page, session):
        page.goto(address, wait_until="networkidle")
        page.locator("dpo-widget[data-ready] svg.main-svg").first.wait_for()
        _network(session, FAR_MS)
        dragged = page.locator(f'[data-range-for="{control}"]')
        dragged.scroll_into_view_if_needed()
        drag(page, dragged, MOVES)
        page.wait_for_function("() => window.benchDelays.length > 0")
        page.wait_for_timeout(5 * FAR_MS)
        delays: list[float] = page.evaluate("() => window.benchDelays")
        return delays


def drag(page: Page, slider: Locator, moves: int) -> None:
    """Drag a slider's thumb from its position to the end and back to the start, in a number of moves.

    Several moves begin after the time a reader needs to press; a single move is made at once and ends a
    tenth of the slider away.
    """
    box: Any = slider.bounding_box()
    low, high, value = slider.evaluate("({min, max, value}) => [min, max, value].map(Number)")
    start = (value - low) / (high - low)
    middle = box["y"] + box["height"] / 2

    def at(share: float) -> float:
        return float(box["x"] + 10 + share * (box["width"] - 20))

    page.mouse.move(at(start), middle)
    page.wait_for_timeout(4 * FAR_MS if moves > 1 else 0)
    page.mouse.down()
    for move in range(1, moves + 1):
        way = 2 * move / moves
        share = start + (1 - start) * way if way <= 1 else 2 - way
        page.mouse.move(at(share if moves > 1 else start + 0.1), middle)
        page.wait_for_timeout(FRAME_MS if moves > 1 else 0)
    page.mouse.up()


def times(browser: Browser, address: str, section: str, bare: str) -> Iterator[Row]:
    """Time to content of a section and of bare pages in turn, each time with an empty cache."""
    widget, control = OPENED[section]
    page = f"{address}/sections/{section}#{widget}-title"
    found, plotly, drawn = [], [], []
    for _ in range(RUNS):
        found.append(visit(browser, page, f'[name="{widget}"] [data-range-for="{control}"]'))
        plotly.append(visit(browser, f"{bare}/plotly/{widget}", "input"))
        drawn.append(visit(browser, f"{bare}/", None))
    for name, (what, floor, most) in SEEN.items():
        floors = drawn if name in ("number", "chart") else plotly
        yield Row(
            f"{section}: {what}; processor {CPU_SLOWDOWN} times slower, {DOWN_MBIT} Mbit/s, "
            f"{ROUND_TRIP_MS} ms",
            "s",
            [seen[name] / 1000 for seen in found],
            [seen[name] / 1000 for seen in floors],
            floor,
            most=most,
        )


def visit(browser: Browser, address: str, slider: str | None) -> Mapping[str, float]:
    """Open a page on a slow machine, wait for its interactive chart, then drag a slider at once.

    Returns milliseconds, by the names of SEEN. A page without a slider has no interactive chart.
    """
    with _page(browser) as (page, session):
        session.send("Emulation.setCPUThrottlingRate", {"rate": CPU_SLOWDOWN})
        _network(session, ROUND_TRIP_MS, DOWN_MBIT, UP_MBIT)
        page.goto(address, wait_until="commit")
        last = "chart" if slider is None else "interactive"
        page.wait_for_function("name => Number.isFinite(window.benchSeen?.[name])", arg=last)
        if slider is not None:
            drag(page, page.locator(slider), 1)
            page.wait_for_function("() => window.benchDelays.length > 0")
        taken: dict[str, float] = page.evaluate(TAKEN)
        return taken


def _network(session: CDPSession, latency: int, down: float = 0, up: float = 0) -> None:
    """Limit the network: latency in milliseconds, megabits a second (0: no limit)."""
    rates = {"downloadThroughput": down * 1e6 / 8 or -1, "uploadThroughput": up * 1e6 / 8 or -1}
    conditions = {"offline": False, "latency": latency, **rates}
    session.send("Network.emulateNetworkConditions", conditions)


def weights(browser: Browser, address: str, bare: str) -> Iterator[Row]:
    """Rows of bytes transferred on the first visit."""
    pages = [f"{address}/sections/{each.slug}" for each in SECTIONS]
    yield Row(
        "weight of the heaviest section page, before a chart comes near",
        "KB",
        [max(weight(browser, page) for page in pages)],
        [weight(browser, f"{bare}/")],
        "a page without script or style",
        most=100,
    )
    yield Row(
        "weight of the reward-modeling page with its chart and Plotly",
        "KB",
        [
            weight(
                browser, f"{address}/sections/reward-modeling", '[name="reward_separation"] .chart'
            )
        ],
        [weight(browser, f"{bare}/plotly/reward_separation", "#chart")],
        "a page with nothing but Plotly and the same figure",
        most=450,
    )


def weight(browser: Browser, address: str, selector: str | None = None) -> float:
    """Kilobytes that a page transfers, response headers included.

    Args:
        selector: element to scroll to and wait for; without it, only what is above the fold counts
    """
    with _page(browser, 390, 300) as (page, session):
        session.send("Network.enable")
        sizes: list[float] = []
        session.on(
            "Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"])
        )
        page.goto(address, wait_until="networkidle")
        if selector is not None:
            page.locator(selector).first.scroll_into_view_if_needed()
            page.locator(f"{selector} svg.main-svg").first.wait_for()
            page.wait_for_load_state("networkidle")
        return sum(sizes) / 1000
