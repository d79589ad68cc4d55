"""Measure how high each widget's page is, and publish it in app/data/heights.json. ``make heights``."""

from __future__ import annotations

import json
import math
import shutil
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from playwright.sync_api import Page, sync_playwright

from app.embedding import HEIGHTS_FILE, PUBLISHED_WIDTH
from app.main import create_app
from app.settings import Settings
from app.widgets.registry import WIDGETS

FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]

SPARE = 1.03
"""Fonts differ between systems, and so do line breaks"""

STEP = 10
"""pixels: heights are rounded up to multiples of it"""

SETTLED_S = 0.5
"""For so long a page has to keep its height"""


def height(page: Page, name: str) -> float:
    """The height of a widget's page in pixels, once its charts are drawn and it has come to rest."""
    page.goto(f"/widgets/{name}")
    page.locator("dpo-widget[data-ready]").wait_for()
    for chart in page.locator(".chart:visible").all():
        chart.locator("svg.main-svg").first.wait_for()
    settled: float = page.evaluate(
        """async (settled) => {
            await document.fonts.ready;
            const height = () => document.documentElement.getBoundingClientRect().height;
            const since = { height: 0, at: 0 };
            for (;;) {
                await new Promise(requestAnimationFrame);
                const now = performance.now();
                if (height() !== since.height) Object.assign(since, { height: height(), at: now });
                else if (now - since.at > 1000 * settled) return height();
            }
        }""",
        SETTLED_S,
    )
    return settled


@contextmanager
def served() -> Iterator[str]:
    """The address of a server of this checkout on a free port."""
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(create_app(Settings(warm=False)), log_level="warning"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listening.close()


def main() -> None:
    """Serve, measure each widget, write the file."""
    heights = {}
    with served() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        page = browser.new_page(
            base_url=address,
            viewport={"width": PUBLISHED_WIDTH, "height": 900},
            reduced_motion="reduce",
        )
        page.set_default_timeout(120_000)
        for name in WIDGETS:
            heights[name] = math.ceil(SPARE * height(page, name) / STEP) * STEP
            print(f"{name}: {heights[name]}", file=sys.stderr)
        browser.close()
    published = {"width": PUBLISHED_WIDTH, "heights": heights}
    HEIGHTS_FILE.write_text(json.dumps(published, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
