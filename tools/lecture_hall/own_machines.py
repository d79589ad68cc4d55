"""Readers with real browsers, who ask for runs while the lecture is on: how long their machines take."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from playwright.sync_api import Browser

from tools.bench.browser import chromium
from tools.lecture_hall.report import OwnRun

BROWSERS = 2
PATIENCE_MS = 120_000

# Notes of each run in the page's worker, in seconds: from the click until it began to train, and from then.
WATCH = """(() => {
  const runs = (window.lectureRuns = []);
  const seconds = (since) => (performance.now() - since) / 1000;
  window.Worker = class extends Worker {
    constructor(address) {
      super(address);
      this.addEventListener("message", ({ data: { event: [name] } }) => {
        const run = runs.at(-1);
        if (name === "step") run.first_row ??= seconds(run.began);
        if (name === "done") run.whole = seconds(run.began);
      });
    }
    postMessage(message) {
      if (message.params) runs.push({ began: performance.now(), ready: seconds(window.lectureClick) });
      super.postMessage(message);
    }
  };
})()"""

NEW_SEED = """(widget) => new Promise((resolve) => {
  widget.addEventListener("dpo-result", () => resolve(null), { once: true });
  window.lectureClick = performance.now();
  widget.querySelector("[data-training-new]").click();
})"""


@contextmanager
def training(address: str, pause_s: float) -> Iterator[list[OwnRun]]:
    """A list to which the runs that two browsers made during the block are added at its end.

    Args:
        address: of the page
        pause_s: before each run
    """
    over, ready = threading.Event(), threading.Barrier(BROWSERS + 1)
    runs: list[OwnRun] = []

    def attend() -> None:
        try:
            with chromium() as browser:
                runs.extend(runs_of(browser, address, pause_s, over, ready))
        except Exception:
            ready.abort()
            raise

    with ThreadPoolExecutor(BROWSERS) as threads:
        readers = [threads.submit(attend) for _ in range(BROWSERS)]
        try:
            ready.wait()
            yield runs
        finally:
            over.set()
            for reader in readers:
                reader.result()


def runs_of(
    browser: Browser,
    address: str,
    pause_s: float,
    over: threading.Event,
    ready: threading.Barrier,
) -> list[OwnRun]:
    """Ask for runs in a page until the lecture is over. Returns those that the page made itself."""
    page = browser.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.add_init_script(WATCH)
    page.goto(address)
    figure = page.locator('dpo-widget[name="ppo_dynamics"][data-ready]')
    page.locator('dpo-widget[name="ppo_dynamics"]').scroll_into_view_if_needed()
    figure.wait_for()
    ready.wait()
    while not over.wait(pause_s):
        figure.evaluate(NEW_SEED)
    found = page.evaluate("window.lectureRuns")
    return [OwnRun(each["ready"], each["first_row"], each["whole"]) for each in found]
