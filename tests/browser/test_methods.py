"""Widgets of methods and losses: a new choice trains or looks up a new result."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.helpers import expect_chart, field, widget


def test_a_suggestion_trains_again_and_shows_where_the_mass_went(page: Page) -> None:
    page.goto("/sections/dpo-loss")
    found = widget(page, "likelihood_displacement")
    expect_chart(found)
    expect(field(found, "chosen_change")).to_have_text(re.compile("^−"))
    found.get_by_role("link", name=re.compile("Add the NLL")).click()
    expect(found.locator(".finding")).to_contain_text("did not become less likely")
    expect(page).to_have_url(re.compile("loss=dpo_nll"))


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
