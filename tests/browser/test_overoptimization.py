from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.helpers import expect_chart, field, widget


def test_another_size_and_another_climber_change_the_curves(page: Page) -> None:
    page.goto("/widgets/overoptimization")
    found = widget(page, "overoptimization")
    expect_chart(found)
    expect_chart(found, "sizes")
    before = field(found, "fitted.end").text_content()
    found.get_by_label("8,000", exact=True).check()
    expect(field(found, "fitted.end")).not_to_have_text(before or "")
    found.get_by_label("PPO", exact=True).check()
    expect(found.locator(".finding")).to_contain_text("8,000 comparisons and PPO")
