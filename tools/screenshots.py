"""Take the screenshots of the README from a running server of this checkout. ``make screenshots``."""

from __future__ import annotations

import shutil
import socket
import threading
from pathlib import Path

import uvicorn
from playwright.sync_api import sync_playwright

from app.main import create_app
from app.settings import Settings

DOCS = Path(__file__).resolve().parent.parent / "docs"

SHOTS = [
    # file, path, what to show, scheme
    ("home", "/", ".hero", "light"),
    ("ppo-problem", "/sections/ppo-problem", "dpo-widget", "dark"),
    ("frontier", "/widgets/frontier", "dpo-widget", "light"),
]


def main() -> None:
    """Serve on a free port, visit, photograph."""
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(create_app(Settings(warm=False)), log_level="warning"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    address = f"http://127.0.0.1:{listening.getsockname()[1]}"
    DOCS.mkdir(exist_ok=True)
    flags = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=shutil.which("chromium"), args=flags
            )
            for name, path, selector, scheme in SHOTS:
                page = browser.new_page(
                    viewport={"width": 1280, "height": 900},
                    color_scheme="dark" if scheme == "dark" else "light",
                    reduced_motion="reduce",
                )
                page.goto(address + path)
                shown = page.locator(selector).first
                shown.scroll_into_view_if_needed()
                if selector == "dpo-widget":
                    page.locator("dpo-widget[data-ready]").wait_for()
                page.wait_for_load_state("networkidle")
                shown.screenshot(path=DOCS / f"{name}.png")
                print(f"docs/{name}.png")
                page.close()
            browser.close()
    finally:
        server.should_exit = True
        thread.join()
        listening.close()


if __name__ == "__main__":
    main()
