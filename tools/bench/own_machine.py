"""Rows of training on a reader's machine: in Chromium, as a page does when the server is busy."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Iterator
from typing import Any
from urllib.request import urlopen

from playwright.sync_api import Page

from tools.bench.browser import FRAMES, chromium
from tools.bench.samples import percentile
from tools.bench.serving import fetch, served
from tools.bench.table import Row

RUNS = 3
FRAME_MOST_MS = 17

# Seconds from asking to the first event and to the last, the result, and milliseconds between frames.
TRAIN = """async ([name, seed]) => {
  const base = document.querySelector('script[src$="/widget.js"]').src.replace("widget.js", "");
  const { machineOf } = await import(`${base}own_run.js`);
  const { paramsOf } = await import(`${base}own_machine.js`);
  const widget = document.querySelector("dpo-widget");
  const machine = await machineOf(widget, widget.querySelector("[data-training-says]").dataset);
  const ready = performance.now();
  const frames = [];
  let before = 0, over = false;
  const frame = (now) => {
    if (before) frames.push(now - before);
    before = now;
    if (!over) requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
  let first = 0, result = null;
  const events = machine.events({ ...paramsOf(widget), seed }, new AbortController().signal);
  for await (const [event, data] of events) {
    first ||= performance.now();
    if (event === "error") throw new Error(data.detail);
    if (event === "done") result = data;
  }
  over = true;
  const seconds = (from, to) => (to - from) / 1000;
  return { first: seconds(ready, first), all: seconds(ready, performance.now()), frames, result };
}"""


def rows() -> Iterator[Row]:
    """A run of PPO with its rows, and DPO beside RLHF, each with seeds that nobody has trained."""
    seeds = itertools.count(500_000)
    with served() as server, chromium() as browser:
        for name in ("ppo_dynamics", "pipeline_comparison"):
            fetch(f"{server.address}/widgets/{name}")
        page = browser.new_page()
        page.set_default_timeout(120_000)
        here = [_trained(page, server.address, "ppo_dynamics", next(seeds)) for _ in range(RUNS)]
        there = [_streamed(server.address, next(seeds)) for _ in range(RUNS)]
        by_torch = "the same on the server, by torch"
        what = "ppo_dynamics on the reader's machine, 150 iterations"
        yield Row(
            f"{what}: from asking to the first row",
            "s",
            [run["first"] for run in here],
            [first for first, _ in there],
            by_torch,
            most=0.3,
        )
        yield Row(
            f"{what}: to the result",
            "s",
            [run["all"] for run in here],
            [whole for _, whole in there],
            by_torch,
            most=5,
        )
        yield Row(
            f"{what}: p95 between frames",
            "ms",
            [percentile(run["frames"], 95) for run in here],
            [percentile(page.evaluate(FRAMES), 95) for _ in range(RUNS)],
            "the same page while it does nothing",
            most=FRAME_MOST_MS,
        )
        pairs = [
            _trained(page, server.address, "pipeline_comparison", next(seeds)) for _ in range(RUNS)
        ]
        torch = [
            fetch(f"{server.address}/api/v1/pipeline_comparison?seed={next(seeds)}")
            for _ in range(RUNS)
        ]
        yield Row(
            "pipeline_comparison on the reader's machine: 400 steps of DPO",
            "s",
            [run["result"]["dpo"]["seconds"] for run in pairs],
            [json.loads(answer)["dpo"]["seconds"] for answer in torch],
            by_torch,
            most=2,
        )


def _trained(page: Page, address: str, name: str, seed: int) -> dict[str, Any]:
    """A run in a page that has just been opened."""
    page.goto(f"{address}/widgets/{name}")
    page.locator("dpo-widget[data-ready]").wait_for()
    found: dict[str, Any] = page.evaluate(TRAIN, [name, seed])
    return found


def _streamed(address: str, seed: int) -> tuple[float, float]:
    """Seconds to the first row of a stream, and to its end."""
    start = time.perf_counter()
    first = 0.0
    with urlopen(f"{address}/api/v1/ppo_dynamics/stream?seed={seed}") as stream:
        for line in stream:
            if line.startswith(b"event: step") and not first:
                first = time.perf_counter() - start
    return first, time.perf_counter() - start
