"""Fixtures: an application in process, a running server, a browser that watches for faults."""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import uvicorn
from hypothesis import settings as hypothesis_settings
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    ViewportSize,
    expect,
    sync_playwright,
)
from starlette.testclient import TestClient

from app.export.copy import export
from app.main import create_app
from app.settings import Settings

# Machines are noisy, and runs let everybody else go first: no test may fail for being slow.
hypothesis_settings.register_profile("untimed", deadline=None)
hypothesis_settings.load_profile("untimed")
expect.set_options(timeout=240_000)

CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "browser" in getattr(item, "fixturenames", ()) or "browser" in item.path.parts:
            item.add_marker("browser")
        elif "offline_copy" in getattr(item, "fixturenames", ()):
            item.add_marker("slow")


@pytest.fixture(scope="session")
def client() -> Iterator[TestClient]:
    """The application in process."""
    with TestClient(create_app(Settings(warm=False)), raise_server_exceptions=False) as client:
        yield client


@pytest.fixture(scope="session")
def html_of(client: TestClient) -> Callable[[str], str]:
    """Pages by their address, rendered once a session."""

    @cache
    def html(path: str) -> str:
        answer = client.get(path)
        assert answer.status_code == 200, f"{path}: {answer.status_code}"
        return answer.text

    return html


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all workers of a test session share."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@pytest.fixture(scope="session")
def server(shared: Path) -> Iterator[str]:
    """The address of a running server on a free port of this machine."""
    listening = socket.create_server(("127.0.0.1", 0))
    # Room for what other tests have begun: if the server were busy, pages would train by themselves.
    settings = Settings(warm=False, store=str(shared / "runs"), run_seconds=1200, concurrent_runs=8)
    config = uvicorn.Config(create_app(settings), log_level="warning")
    uvicorn_server = uvicorn.Server(config)
    thread = threading.Thread(target=uvicorn_server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        uvicorn_server.should_exit = True
        thread.join(timeout=10)
        listening.close()


@pytest.fixture(scope="session")
def offline_copy(shared: Path) -> Path:
    """An offline copy of the whole explainer, under a sub-path; made once for all workers."""
    folder = shared / "offline" / "courses" / "dpo"
    with (shared / "offline.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            making = shared / "offline.making"
            export(making, jobs=1)
            folder.parent.mkdir(parents=True)
            making.rename(folder)
    return folder


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's chromium. Its absence is a failure, never a skip."""
    path = shutil.which("chromium")
    assert path is not None, "chromium is missing: `make browser` installs it"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM_FLAGS)
        yield browser
        browser.close()


class Faults:
    """The faults of a page: console errors, exceptions, requests to other hosts."""

    def __init__(self, page: Page, address: str) -> None:
        self.found: list[str] = []
        self._host = urlsplit(address).netloc
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.found.append(f"exception: {error}"))
        page.on("request", self._request)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.found.append(f"console: {message.text}")

    def _request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in ("http", "https", "ws", "wss") and parts.netloc != self._host:
            self.found.append(f"left the host: {request.url}")


@pytest.fixture
def faults() -> list[str]:
    """Texts of the faults that a test expects."""
    return []


@pytest.fixture(scope="session")
def visited(browser: Browser, server: str) -> Iterator[BrowserContext]:
    """A browser context shared by pages, so that each file is fetched once; tests leave nothing behind."""
    with _context(browser, server) as context:
        yield context


@pytest.fixture(scope="session")
def plain(browser: Browser, server: str) -> Iterator[BrowserContext]:
    """The same without JavaScript."""
    with _context(browser, server, java_script_enabled=False) as context:
        yield context


@pytest.fixture
def page(visited: BrowserContext, server: str, faults: list[str]) -> Iterator[Page]:
    """A page whose console has to stay clean and whose requests have to stay on the host."""
    with _watched(visited, server, faults) as page:
        yield page
        visited.set_offline(False)
        visited.clear_permissions()
        if page.url.startswith(server):
            page.evaluate("localStorage.clear()")


@pytest.fixture
def plain_page(plain: BrowserContext, server: str, faults: list[str]) -> Iterator[Page]:
    """The same in a browser without JavaScript."""
    with _watched(plain, server, faults) as page:
        yield page


@pytest.fixture
def first_visit(browser: Browser, server: str, faults: list[str]) -> Iterator[Page]:
    """A page in a browser that has seen nothing of the site."""
    with _context(browser, server) as context, _watched(context, server, faults) as page:
        yield page


@contextmanager
def _context(browser: Browser, server: str, **options: Any) -> Iterator[BrowserContext]:
    size: ViewportSize = {"width": 1280, "height": 900}
    context = browser.new_context(base_url=server, viewport=size, **options)
    context.set_default_timeout(60_000)
    # The first request for a page trains what it shows, and one page shows everything.
    context.set_default_navigation_timeout(180_000)
    yield context
    context.close()


@contextmanager
def _watched(context: BrowserContext, server: str, expected: list[str]) -> Iterator[Page]:
    page = context.new_page()
    seen = Faults(page, server)
    yield page
    for opened in context.pages:
        opened.close()
    assert [fault for fault in seen.found if not any(text in fault for text in expected)] == []
