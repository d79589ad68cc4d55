"""``make screenshots``: take the pictures of README.md and docs/ from a server of this checkout."""

from __future__ import annotations

from pathlib import Path

from tools.bench.browser import chromium
from tools.bench.serving import SERVE, served

DOCS = Path(__file__).resolve().parent.parent / "docs"

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
            shown.screenshot(path=DOCS / f"{name}.png")
            print(f"docs/{name}.png")
            page.close()


if __name__ == "__main__":
    main()
