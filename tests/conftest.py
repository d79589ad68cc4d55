"""Fixtures: an application to ask in process, a server to visit, a browser that watches for faults."""

from __future__ import annotations

import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import uvicorn
from hypothesis import settings as hypothesis_settings
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, expect, sync_playwright
from starlette.testclient import TestClient

from app.export.copy import export
from app.main import create_app
from app.settings import Settings
from tests.export.reduced import reduced

# Machines are noisy: no test may fail for being slow.
hypothesis_settings.register_profile("untimed", deadline=None)
hypothesis_settings.load_profile("untimed")
expect.set_options(timeout=30_000)

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
    """The application, asked in process."""
    with TestClient(create_app(Settings(warm=False)), raise_server_exceptions=False) as client:
        yield client


@pytest.fixture(scope="session")
def html_of(client: TestClient) -> Callable[[str], str]:
    """What a page of an address is, rendered once a session."""

    @cache
    def html(path: str) -> str:
        answer = client.get(path)
        assert answer.status_code == 200, f"{path}: {answer.status_code}"
        return answer.text

    return html


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The address of a running server on a free port of this machine."""
    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(create_app(Settings(warm=False)), log_level="warning")
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
def offline_copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the whole explainer with few states, at the end of a sub-path."""
    folder = tmp_path_factory.mktemp("offline") / "courses" / "dpo"
    export(folder, jobs=1, plans=reduced())
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
    """What went wrong in a page: console errors, exceptions, requests to other hosts."""

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
    """Faults that a test expects: it adds their texts."""
    return []


@pytest.fixture
def page(browser: Browser, server: str, faults: list[str]) -> Iterator[Page]:
    """A page whose console has to stay clean and whose requests have to stay on the host."""
    yield from _watched(browser, server, faults, java_script=True)


@pytest.fixture
def plain_page(browser: Browser, server: str, faults: list[str]) -> Iterator[Page]:
    """The same in a browser without JavaScript."""
    yield from _watched(browser, server, faults, java_script=False)


def _watched(
    browser: Browser, server: str, expected: list[str], *, java_script: bool
) -> Iterator[Page]:
    context = browser.new_context(
        base_url=server,
        viewport={"width": 1280, "height": 900},
        java_script_enabled=java_script,
    )
    page = context.new_page()
    page.set_default_timeout(20_000)
    # Some pages train a policy when they are first asked for.
    page.set_default_navigation_timeout(60_000)
    seen = Faults(page, server)
    yield page
    context.close()
    assert [fault for fault in seen.found if not any(text in fault for text in expected)] == []
