"""The pages of a copy, requested from the application in process, without a server."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from posixpath import dirname, relpath
from typing import Any
from urllib.parse import quote

from fastapi import FastAPI

from app.content.sections import CHAPTERS
from app.main import create_app
from app.settings import Settings
from app.widgets.plan import Plan
from app.widgets.registry import WIDGETS

BASE = "http://offline.invalid"
"""base URL of the requests; it does not appear in a copy"""


@dataclass(frozen=True)
class OfflineCopy:
    """The copy that a page is rendered for: the variable ``offline`` of templates."""

    pages: Mapping[str, str]
    """file of each page, by its path on a server"""
    plans: Mapping[str, Plan]
    made: str
    """UTC date"""
    statics: set[str] = field(default_factory=set)
    """static files that its pages use"""
    here: str = ""
    """file being rendered"""

    def to(self, file: str) -> str:
        """Relative URL of a file of the copy."""
        return relpath(file, dirname(self.here) or ".")

    def url(self, path: str) -> str:
        """Relative URL of a page by its path on a server; empty if the copy does not have it."""
        return self.to(self.pages[path]) if path in self.pages else ""

    def static(self, name: str) -> str:
        """Relative URL of a static file, which is added to the copy."""
        self.statics.add(name)
        return self.to(f"static/{name}")


class PageFailed(RuntimeError):
    """The application did not respond with a page."""


def all_pages() -> dict[str, str]:
    """File of every page of a whole copy, by its path on a server."""
    return {
        "/": "index.html",
        **{chapter.path: f"{chapter.path[1:]}.html" for chapter in CHAPTERS},
        **{f"/widgets/{name}": f"widgets/{name}.html" for name in WIDGETS},
        "/read": "read.html",
        "/symbols": "symbols.html",
        "/sources": "sources.html",
        "/teach": "teach.html",
        "/teach/exercises": "exercises.html",
    }


def one_widget(name: str) -> dict[str, str]:
    """The page of a copy of one widget."""
    return {f"/widgets/{name}": "index.html"}


def rendered(copy: OfflineCopy) -> dict[str, str]:
    """The pages of a copy by file.

    Raises:
        PageFailed: one of them was not answered with status 200
    """
    app = create_app(Settings(warm=False))

    async def ask_all() -> dict[str, str]:
        return {
            file: await _ask(app, path, replace(copy, here=file))
            for path, file in copy.pages.items()
        }

    # In a separate thread, so that it works where an event loop already runs, as in notebooks.
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(lambda: asyncio.run(ask_all())).result()


async def _ask(app: FastAPI, path: str, offline: OfflineCopy) -> str:
    """Send a GET request in process."""
    status = 0
    body = bytearray()
    over = asyncio.Event()

    async def receive() -> dict[str, Any]:
        await over.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]
        elif message["type"] == "http.response.body":
            body.extend(message.get("body", b""))
            if not message.get("more_body", False):
                over.set()

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": quote(path).encode(),
        "root_path": "",
        "query_string": b"",
        "headers": [(b"host", BASE.removeprefix("http://").encode())],
        "server": (BASE.removeprefix("http://"), 80),
        "client": ("127.0.0.1", 0),
        "state": {"offline": offline},
    }
    await app(scope, receive, send)
    if status != 200:
        raise PageFailed(f"{path} was answered with status {status}")
    return body.decode()
