"""Fixtures that several files of browser tests share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.host import Host


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    found = Host()
    yield found
    found.close()


@pytest.fixture
def guest(browser: Browser) -> Iterator[Page]:
    """A page that may visit the host and its frames; its console has to stay clean."""
    context = browser.new_context(viewport={"width": 900, "height": 900}, reduced_motion="reduce")
    page = context.new_page()
    page.set_default_timeout(240_000)
    page.set_default_navigation_timeout(60_000)
    faults: list[str] = []
    page.on("console", lambda m: faults.append(m.text) if m.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    yield page
    cookies = context.cookies()
    context.close()
    assert faults == []
    assert cookies == []
