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
    expect(found.locator(".finding")).to_contain_text("did not become less likely", timeout=30_000)
    expect(page).to_have_url(re.compile("loss=dpo_nll"))
