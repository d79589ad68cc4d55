"""Widgets of methods and losses: a new choice trains or looks up a new result."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.helpers import expect_chart, field, widget




def test_dpo_runs_on_where_ipo_stops(page: Page) -> None:
    page.goto("/widgets/loss_family")
    found = widget(page, "loss_family")
    expect_chart(found, "run")
    expect(field(found, "fate.gap")).to_have_text("1.00")
    found.get_by_label("Loss", exact=True).select_option("sigmoid")
    expect(found.locator(".finding")).to_contain_text("runs on")
    found.get_by_label("2", exact=True).check()
    expect(page).to_have_url(re.compile("beta=2"))
    expect(found.locator(".finding")).to_contain_text("for any β")
