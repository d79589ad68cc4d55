"""``make heights``: measure the heights of widgets' pages, with and without their parts.

They are written to app/data/heights.json. With names as arguments, those widgets alone are measured.
"""

from __future__ import annotations

import json
import math
import sys

from playwright.sync_api import Page

from app.embedding.snippets import HEIGHTS_FILE, PUBLISHED_WIDTH, measured_heights, measured_parts
from app.state.flags import PARTS
from app.widgets.registry import WIDGETS
from tools.bench.browser import chromium
from tools.bench.serving import SERVE, served

SPARE = 1.03
"""factor; fonts, and so line breaks, differ between systems"""

STEP = 10
"""pixels: heights are rounded up to multiples of it"""

SETTLED_S = 0.5
"""seconds for which a page has to keep its height"""


def height(page: Page, name: str, hide: str = "") -> float:
    """The height of a widget's page in pixels, once its charts are drawn and it is stable."""
    page.goto(f"/widgets/{name}?hide={hide}")
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


def main() -> None:
    """Serve, measure each widget or those named, write the file."""
    heights = {name: found for name, found in measured_heights().items() if name in WIDGETS}
    parts = {name: found for name, found in measured_parts().items() if name in WIDGETS}
    with served(SERVE, DPO_EXPLAINED_WARM="0") as server, chromium() as browser:
        page = browser.new_page(
            base_url=server.address,
            viewport={"width": PUBLISHED_WIDTH, "height": 900},
            reduced_motion="reduce",
        )
        page.set_default_timeout(120_000)
        for name in sys.argv[1:] or WIDGETS:
            whole = height(page, name)
            heights[name] = math.ceil(SPARE * whole / STEP) * STEP
            parts[name] = {part: math.floor(whole - height(page, name, part)) for part in PARTS}
            print(f"{name}: {heights[name]}", file=sys.stderr)
    published = {"width": PUBLISHED_WIDTH, "heights": heights, "parts": parts}
    HEIGHTS_FILE.write_text(json.dumps(published, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
