"""Pages of runs that have not been made."""

from __future__ import annotations

import json

from playwright.sync_api import Page, expect

ADDRESS = "/widgets/frontier?method=dpo&seed={}"


def opened(page: Page, seed: int) -> str:
    """Open the page of a run that nobody has made. Returns what it says first."""
    answer = page.goto(ADDRESS.format(seed))
    assert answer is not None
    assert answer.headers["cache-control"] == "no-store"
    return answer.text()


def finding(page: Page, seed: int) -> str:
    answer = page.request.get(f"/api/v1/frontier?method=dpo&seed={seed}")
    return str(answer.json()["finding"])


def test_a_page_without_its_run_fills_by_itself(page: Page) -> None:
    assert "Showing" in opened(page, 271_828)
    expect(page.locator(".pending-note")).to_be_hidden()
    shown = page.locator("dpo-widget").evaluate("widget => widget.result.finding")
    assert shown == finding(page, 271_828)


def test_without_script_it_loads_itself_again(plain_page: Page) -> None:
    assert "loads itself again" in opened(plain_page, 314_159)
    expect(plain_page.locator(".pending-note")).to_have_count(0)
    shown = plain_page.locator("script[data-result]").text_content()
    assert json.loads(shown or "")["finding"] == finding(plain_page, 314_159)
