from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.helpers import expect_chart, field, widget


def test_a_run_of_ones_own_is_added_below_the_frontier(page: Page) -> None:
    page.goto("/widgets/frontier")
    found = widget(page, "frontier")
    expect_chart(found)
    expect(found.locator("[data-own]").first).to_be_hidden()
    found.get_by_label("Add a point of your own").select_option("best_of_n")
    expect(found.locator('[name="strength"]')).to_have_value("16")
    found.get_by_role("button", name="Train and add it").click()
    expect(field(found, "own.true_quality")).to_have_text(re.compile(r"^2\.\d"), timeout=30_000)
    expect(found.locator(".finding")).to_contain_text("below the frontier")
    expect(page).to_have_url(re.compile("method=best_of_n&strength=16"))
