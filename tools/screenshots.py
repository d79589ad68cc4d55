"""``make screenshots``: take the pictures of README.md and docs/ from a server of this checkout."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import FloatRect

from tools.bench.browser import chromium
from tools.bench.serving import SERVE, served

DOCS = Path(__file__).resolve().parent.parent / "docs"

AROUND = 16
"""pixels around a figure"""

SHOTS = [
    # file, path, scheme
    ("home", "/", "light"),
    ("ppo-problem", "/sections/ppo-problem", "dark"),
    ("frontier", "/widgets/frontier", "light"),
]


def main() -> None:
    """Serve on a free port, and take each picture."""
    DOCS.mkdir(exist_ok=True)
    with served(SERVE, DPO_EXPLAINED_WARM="0") as server, chromium() as browser:
        for name, path, scheme in SHOTS:
            page = browser.new_page(
                viewport={"width": 1280, "height": 900},
                color_scheme="dark" if scheme == "dark" else "light",
                reduced_motion="reduce",
            )
            page.goto(server.address + path)
            shown = page.locator("dpo-widget").first
            shown.scroll_into_view_if_needed()
            page.locator("dpo-widget[data-ready]").first.wait_for()
            page.wait_for_load_state("networkidle")
            box = shown.bounding_box()
            assert box is not None
            # Steps begin a little to the left of their figure.
            clip: FloatRect = {
                "x": box["x"] - AROUND,
                "y": box["y"] + page.evaluate("scrollY") - AROUND,
                "width": box["width"] + 2 * AROUND,
                "height": box["height"] + 2 * AROUND,
            }
            page.screenshot(path=DOCS / f"{name}.png", clip=clip, full_page=True)
            print(f"docs/{name}.png")
            page.close()


if __name__ == "__main__":
    main()
