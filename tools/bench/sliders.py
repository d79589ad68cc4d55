"""Rows of the instant sliders: from an input event to changed numbers, 100 ms away from the server."""

from __future__ import annotations

from collections.abc import Iterator

from playwright.sync_api import Browser

from app.widgets.registry import WIDGETS
from tools.bench.browser import chromium
from tools.bench.samples import Samples, percentile
from tools.bench.serving import served
from tools.bench.table import Missing, Row, Subject, Target
from tools.measure_sliders import FRAME_MS, MOVES, ROUND_TRIP_MS, input_to_text

RUNS = 3
FRAMES = 60
MEASURED = ("reward_separation", "dpo_loss", "beta_effect")

# Times between frames of a page that does nothing.
FRAME_TIMES = """async (frames) => {
  const times = [];
  let before = await new Promise(requestAnimationFrame);
  while (times.length < frames) {
    const now = await new Promise(requestAnimationFrame);
    times.push(now - before);
    before = now;
  }
  return times;
}"""


def _subject(widget: str, control: str) -> Subject:
    return Subject(
        f"{widget}, {control}: p95 from input to text in a drag of {MOVES} moves, "
        f"{ROUND_TRIP_MS} ms from the server",
        "ms",
        "p95 between frames of an empty page in the same browser",
        (Target(FRAME_MS),),
    )


SLIDERS = {
    (name, control): _subject(name, control)
    for name in MEASURED
    if (ranges := WIDGETS[name].ranges) is not None
    for control in ranges.along
}
SUBJECTS = tuple(SLIDERS.values())


def rows() -> Iterator[Row | Missing]:
    """Measure all of them."""
    with served() as server, chromium() as browser:
        for (widget, control), subject in SLIDERS.items():
            measured, floor, middles = [], [], []
            for _ in range(RUNS):
                floor.append(percentile(frame_times(browser), 95))
                delays = input_to_text(browser, server.address, widget, control)
                measured.append(percentile(delays, 95))
                middles.append(percentile(delays, 50))
            note = f"p50 {min(middles):.1f} to {max(middles):.1f} ms"
            yield Row(subject, Samples(tuple(measured)), Samples(tuple(floor)), note)


def frame_times(browser: Browser) -> list[float]:
    """Milliseconds between frames of an empty page."""
    page = browser.new_page()
    times: list[float] = page.evaluate(FRAME_TIMES, FRAMES)
    page.close()
    return times
