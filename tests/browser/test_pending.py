"""Pages of runs that have not been made."""

from __future__ import annotations

import json

from playwright.sync_api import Locator, Page, Route, expect

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


def held_back(page: Page, seed: int) -> tuple[Locator, list[Route]]:
    """The page of a run whose answer waits, with its figure ready."""
    waiting: list[Route] = []
    page.route("**/widgets/frontier/answer*", lambda route: waiting.append(route), times=1)
    opened(page, seed)
    found = page.locator("dpo-widget")
    expect(found).to_have_attribute("data-ready", "")
    return found, waiting


def test_until_it_is_filled_a_page_marks_what_is_not_of_its_address(page: Page) -> None:
    found, waiting = held_back(page, 161_803)
    core = found.locator("[data-core]")
    expect(core).to_have_attribute("data-stale", "")
    waiting[0].continue_()
    expect(core).not_to_have_attribute("data-stale", "")
    assert found.evaluate("widget => widget.result.finding") == finding(page, 161_803)


def test_a_step_that_is_chosen_meanwhile_is_what_is_shown(page: Page) -> None:
    found, waiting = held_back(page, 141_421)
    found.locator("[data-step='3']").click()
    expect(page.locator(".pending-note")).to_be_hidden()
    shown = found.evaluate("widget => widget.result.finding")
    waiting[0].continue_()
    finding(page, 141_421)
    assert found.evaluate("widget => widget.result.finding") == shown
    expect(found.locator("[data-core]")).not_to_have_attribute("data-stale", "")
