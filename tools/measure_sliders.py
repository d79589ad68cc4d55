"""How long a slider's numbers take to follow it, in a browser that is 100 ms away from the server.

A server is started on this machine, and each slider that offers ranges is dragged with the mouse:

    python -m tools.measure_sliders
"""

from __future__ import annotations

import shutil
from typing import Any

from playwright.sync_api import Browser, Locator, Page, sync_playwright

from app.widgets.registry import WIDGETS
from tests.conftest import CHROMIUM_FLAGS
from tools.bench.samples import percentile
from tools.bench.serving import served

ROUND_TRIP_MS = 100
MOVES = 60
FRAME_MS = 16

# From the time of an input event to the next change of a number; what is drawn then is not waited for.
WATCH = """widget => {
  const inputs = [];
  widget.delays = [];
  widget.addEventListener("input", (event) => inputs.push(event.timeStamp), { capture: true });
  const written = () => {
    for (const at of inputs.splice(0)) widget.delays.push(performance.now() - at);
  };
  const observer = new MutationObserver(written);
  for (const number of widget.querySelectorAll(".widget-body [data-field]")) {
    observer.observe(number, { childList: true });
  }
}"""


def input_to_text(browser: Browser, address: str, widget: str, control: str) -> list[float]:
    """Milliseconds from each input event of a drag to changed numbers.

    Args:
        browser: Chromium; the round trip to the server is made longer with its protocol
        address: of a server, such as http://127.0.0.1:8000
        widget: its name
        control: name of the parameter whose slider is dragged
    """
    context = browser.new_context(base_url=address, viewport={"width": 1280, "height": 900})
    try:
        page = context.new_page()
        page.goto(f"/widgets/{widget}", wait_until="networkidle")
        found = page.locator(f'dpo-widget[name="{widget}"][data-ready]')
        found.locator("svg.main-svg").first.wait_for()
        context.new_cdp_session(page).send(
            "Network.emulateNetworkConditions",
            {
                "offline": False,
                "latency": ROUND_TRIP_MS,
                "downloadThroughput": -1,
                "uploadThroughput": -1,
            },
        )
        found.evaluate(WATCH)
        drag(page, found.locator(f'[data-range-for="{control}"]'), MOVES)
        page.wait_for_function(
            "name => document.querySelector(`dpo-widget[name=${name}]`).delays.length > 0",
            arg=widget,
        )
        page.wait_for_timeout(5 * ROUND_TRIP_MS)
        delays: list[float] = found.evaluate("widget => widget.delays")
        return delays
    finally:
        context.close()


def drag(page: Page, slider: Locator, moves: int) -> None:
    """Drag a slider's thumb from where it is over its range, to the right and back, in so many moves.

    The hand rests on it for as long as a reader needs to press.
    """
    slider.scroll_into_view_if_needed()
    box: Any = slider.bounding_box()
    low, high, value = slider.evaluate("({min, max, value}) => [min, max, value].map(Number)")
    inset = 10
    middle = box["y"] + box["height"] / 2

    def at(share: float) -> float:
        return float(box["x"] + inset + share * (box["width"] - 2 * inset))

    start = (value - low) / (high - low)
    page.mouse.move(at(start), middle)
    page.wait_for_timeout(4 * ROUND_TRIP_MS)
    page.mouse.down()
    for move in range(1, moves + 1):
        way = move / moves
        to_the_end = start + (1 - start) * 2 * way
        page.mouse.move(at(to_the_end if way <= 0.5 else 2 - 2 * way), middle)
        page.wait_for_timeout(FRAME_MS)
    page.mouse.up()


def measure(browser: Browser, address: str) -> dict[str, list[float]]:
    """The delays of every slider that offers ranges, by widget and control."""
    return {
        f"{widget.name}.{control}": input_to_text(browser, address, widget.name, control)
        for widget in WIDGETS.values()
        if widget.ranges is not None
        for control in widget.ranges.along
    }


def main() -> None:
    """Measure, and print a line for each slider."""
    path = shutil.which("chromium")
    with served() as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM_FLAGS)
        for name, delays in measure(browser, server.address).items():
            p50, p95 = percentile(delays, 50), percentile(delays, 95)
            print(
                f"{name:34} {len(delays):3} moves  p50 {p50:6.1f} ms  p95 {p95:6.1f} ms  "
                f"most {max(delays):6.1f} ms"
            )
        browser.close()


if __name__ == "__main__":
    main()
