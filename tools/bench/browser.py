"""Headless Chromium as a slow machine on a slow network, and what a reader sees when."""

from __future__ import annotations

import math
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

from tests.conftest import CHROMIUM_FLAGS

CPU_SLOWDOWN = 4
ROUND_TRIP_MS = 150
DOWN_MBIT = 1.6
UP_MBIT = 0.75
PATIENCE_MS = 90_000
VIEWPORT = {"width": 1280, "height": 900}

# Notes when a number, a chart and one that Plotly has drawn are first seen: in the viewport, and after the
# frame that paints them. Then how long the first move of a slider takes to change a number.
WATCH = """(() => {
  const marks = (window.benchMarks = {});
  const seen = (selector) => [...document.querySelectorAll(selector)].some((element) => {
    const box = element.getBoundingClientRect();
    return box.width > 0 && box.height > 0 && box.bottom > 0 && box.top < innerHeight;
  });
  const wanted = { number: "[data-field]", chart: ".chart svg", interactive: ".chart svg.main-svg" };
  const afterPaint = (then) => {
    const channel = new MessageChannel();
    channel.port1.onmessage = then;
    channel.port2.postMessage(0);
  };
  const look = () => {
    const fresh = Object.keys(wanted).filter((name) => !(name in marks) && seen(wanted[name]));
    for (const name of fresh) marks[name] = Infinity;
    if (fresh.length) afterPaint(() => fresh.forEach((name) => { marks[name] = performance.now(); }));
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);

  let moved = null;
  addEventListener("input", (event) => { moved ??= event.timeStamp; }, true);
  new MutationObserver((changes) => {
    const numbers = (node) => (node.nodeType === 1 ? node : node.parentElement)?.closest("[data-field]");
    if (moved === null || "response" in marks || !changes.some((change) => numbers(change.target))) return;
    marks.response = Infinity;
    requestAnimationFrame(() => afterPaint(() => { marks.response = performance.now() - moved; }));
  }).observe(document, { subtree: true, childList: true, characterData: true });
})()"""

DONE = "name => Number.isFinite(window.benchMarks?.[name])"

MARKS = """() => {
  const painted = performance.getEntriesByName("first-contentful-paint")[0].startTime;
  const { response, ...seen } = window.benchMarks;
  const late = response === undefined ? {} : { response };
  // Nothing is seen before anything is painted.
  return { ...Object.fromEntries(Object.entries(seen).map(([k, v]) => [k, Math.max(v, painted)])), ...late };
}"""


@dataclass(frozen=True)
class Seen:
    """Milliseconds from the start of the navigation; ``response`` from the move of the slider."""

    number: float
    chart: float
    interactive: float = math.nan
    response: float = math.nan


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, headless. Raises RuntimeError where it is missing."""
    path = shutil.which("chromium")
    if path is None:
        raise RuntimeError("chromium is missing: `make browser` installs it")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM_FLAGS)
        yield browser
        browser.close()


def visit(browser: Browser, address: str, slider: str | None) -> Seen:
    """Open a page with nothing in the cache, wait for its charts, then drag a slider at once.

    Args:
        slider: selector of the slider, which has to be in the viewport; None for a page without script,
            which has no chart that answers either
    """
    context = browser.new_context(viewport=VIEWPORT)  # type: ignore[arg-type]
    try:
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        slow_down(context.new_cdp_session(page))
        page.add_init_script(WATCH)
        page.goto(address, wait_until="commit")
        if slider is None:
            page.wait_for_function(DONE, arg="chart")
        else:
            page.wait_for_function(DONE, arg="interactive")
            drag(page, slider)
            page.wait_for_function(DONE, arg="response")
        return Seen(**page.evaluate(MARKS))
    finally:
        context.close()


def slow_down(session: CDPSession) -> None:
    """Make the processor four times slower, and the network that of a phone in a poor place."""
    session.send("Emulation.setCPUThrottlingRate", {"rate": CPU_SLOWDOWN})
    session.send(
        "Network.emulateNetworkConditions",
        {
            "offline": False,
            "latency": ROUND_TRIP_MS,
            "downloadThroughput": DOWN_MBIT * 1e6 / 8,
            "uploadThroughput": UP_MBIT * 1e6 / 8,
        },
    )


def drag(page: Page, slider: str) -> None:
    """Take the slider where it is and pull, without the rest that a hand would make."""
    found = page.locator(slider)
    box: Any = found.bounding_box()
    low, high, value = found.evaluate("({min, max, value}) => [min, max, value].map(Number)")
    x = box["x"] + 10 + (box["width"] - 20) * (value - low) / (high - low)
    y = box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + box["width"] / 10, y)
    page.mouse.up()


def weight(browser: Browser, address: str, selector: str | None = None) -> float:
    """Bytes that a page takes over the wire, from a cold cache; heads of answers included.

    Args:
        selector: what to scroll to and wait for; without it, only what is needed above the fold counts
    """
    context = browser.new_context(viewport={"width": 390, "height": 300})
    try:
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        session = context.new_cdp_session(page)
        session.send("Network.enable")
        weights: list[float] = []
        session.on(
            "Network.loadingFinished", lambda event: weights.append(event["encodedDataLength"])
        )
        page.goto(address, wait_until="networkidle")
        if selector is not None:
            page.locator(selector).first.scroll_into_view_if_needed()
            page.locator(f"{selector} svg.main-svg").first.wait_for()
            page.wait_for_load_state("networkidle")
        return sum(weights)
    finally:
        context.close()
