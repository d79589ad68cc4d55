"""Fixtures of the accessibility tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.accessibility import PAGES, open_page, visit


@pytest.fixture(scope="module", params=PAGES)
def opened(request: pytest.FixtureRequest, browser: Browser, server: str) -> Iterator[Page]:
    """Each page with its widgets alive, opened once for all the tests of a module.

    Every test sets the size and the media that it needs.
    """
    with open_page(browser, server) as page:
        visit(page, request.param)
        yield page
