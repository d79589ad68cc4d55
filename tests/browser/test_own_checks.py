"""The check of our numbers in the reader's own browser."""

from __future__ import annotations

from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.accessibility import axe_finds, bare_tables, visit
from tests.browser.helpers import record_texts
from tests.browser.layout import expect_no_sideways_scrolling


def test_all_checks_pass_here(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto("/sources")
    box = page.locator("[data-own-checks]")
    said = record_texts(box, "[data-live]")
    button = page.get_by_role("button", name="Run the 200 checks")
    button.focus()
    button.press("Enter")
    expect(box.get_by_role("progressbar")).to_be_visible()
    expect(box.locator("[data-report]")).to_contain_text("200 of 200 checks passed")
    again = page.get_by_role("button", name="Run them again")
    expect(again).to_be_focused()
    rows = [row.inner_text().split("\t")[:3] for row in box.locator("tbody tr").all()]
    assert [row[1] for row in rows] == [row[2] for row in rows] == ["114", "66", "10", "10"]
    expect(box.locator("[data-failures]")).to_have_count(0)
    expect(box.get_by_role("progressbar")).to_be_hidden()
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    # A screen reader hears of each kind and of the end, and not of each check.
    heard = [text for text in said.json_value() if text]
    assert heard[-1].startswith("200 of 200 checks passed")
    assert len(heard) <= len(rows) + 2


def test_what_fails_is_listed_with_what_was_expected_and_found(page: Page) -> None:
    def falsified(route: Route) -> None:
        body = route.fetch().text()
        assert "margin:1.8," in body
        route.fulfill(body=body.replace("margin:1.8,", "margin:1.9,"))

    page.set_viewport_size({"width": 390, "height": 800})
    page.route("**/workers/checks.js", falsified)
    visit(page, "/sources")
    page.get_by_role("button", name="Run the 200 checks").click()
    report = page.locator("[data-own-checks] [data-report]")
    expect(report).to_contain_text("199 of 200 checks passed")
    failures = report.get_by_role("listitem")
    expect(failures).to_have_count(1)
    expect(failures).to_contain_text(
        "reward_separation?reward_chosen=0.7&reward_rejected=-1.1, margin"
    )
    expect(failures).to_contain_text("expected 1.9, found 1.8")
    assert axe_finds(page) == []
    assert bare_tables(page) == []
    expect_no_sideways_scrolling(page)


def test_a_lab_that_does_not_come_is_said_and_can_be_asked_for_again(page: Page) -> None:
    page.route("**/lab/*.json", lambda route: route.fulfill(status=204))
    page.goto("/sources")
    page.get_by_role("button", name="Run the 200 checks").click()
    expect(page.locator("[data-own-checks]").get_by_role("alert")).to_contain_text(
        "could not be run"
    )
    expect(page.get_by_role("button", name="Run them again")).to_be_enabled()


def test_without_javascript_the_section_says_that_it_needs_it(
    browser: Browser, server: str
) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{server}/sources")
    expect(page.get_by_text("The check needs JavaScript")).to_be_visible()
    expect(page.get_by_role("button", name="Run the 200 checks")).to_be_hidden()
    context.close()
