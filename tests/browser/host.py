"""Widgets in other sites' pages: a host on another origin, with its own policy."""

from __future__ import annotations

import functools
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from playwright.sync_api import Frame, Locator, Page, expect

from tests.browser.layout import settled_height


class Host:
    """Another site, at localhost: pages by path, each with a content security policy."""

    def __init__(self) -> None:
        self.pages: dict[str, tuple[str, str]] = {}
        self.server = ThreadingHTTPServer(("localhost", 0), functools.partial(_Handler, self.pages))
        self.address = f"http://localhost:{self.server.server_address[1]}"
        self._thread = threading.Thread(target=self.server.serve_forever)
        self._thread.start()

    def put(self, path: str, body: str, policy: str = "") -> str:
        """Publish a page; returns its address."""
        head = '<!doctype html><html lang="en"><title>A course</title>'
        self.pages[path] = (f"{head}<h1>A course</h1>{body}", policy)
        return self.address + path

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self._thread.join(timeout=10)


class _Handler(BaseHTTPRequestHandler):
    def __init__(self, pages: dict[str, tuple[str, str]], *given: Any) -> None:
        self.pages = pages
        super().__init__(*given)

    def do_GET(self) -> None:
        text, policy = self.pages.get(self.path, ("", ""))
        self.send_response(200)
        self.send_header(
            "Content-Type", "text/javascript" if self.path.endswith(".js") else "text/html"
        )
        if policy:
            self.send_header("Content-Security-Policy", policy)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, format: str, *given: Any) -> None:
        """Log nothing: tests read what pages show."""


def strict(server: str) -> str:
    """A policy that allows only our script and our frames."""
    return f"default-src 'none'; script-src {server}/embed.js; frame-src {server}"


def snippet(page: Page, server: str, name: str, part: str, query: str = "") -> str:
    text: str = page.request.get(f"{server}/api/v1/embeds/{name}{query}").json()[part]
    return text


def frame_of(place: Locator) -> Frame:
    """The frame in a tag or of an iframe, once its widget's script runs."""
    place.scroll_into_view_if_needed()
    handle = place.element_handle()
    assert handle is not None
    frame = (
        handle if place.evaluate("e => e.tagName") == "IFRAME" else handle.query_selector("iframe")
    ).content_frame()  # type: ignore[union-attr]
    assert frame is not None
    expect(frame.locator("dpo-widget")).to_have_attribute("data-ready", "")
    return frame


def expect_fit(tag: Locator, frame: Frame) -> None:
    """The frame is as high as its content, up to rounding."""
    iframe = tag.locator("iframe").element_handle()
    tag.page.wait_for_function(
        """([iframe, needs]) => Math.abs(iframe.getBoundingClientRect().height - needs.value) <= 1""",
        arg=[iframe, {"value": settled_height(frame)}],
    )
