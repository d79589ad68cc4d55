from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.helpers import field, set_slider, widget


def test_next_leads_through_all_six_steps_and_previous_back(page: Page) -> None:
    page.goto("/sections/dpo-insight")
    found = widget(page, "dpo_derivation")
    following = found.get_by_role("link", name="Next step")
    for step in range(1, 7):
        expect(field(found, "step")).to_have_text(str(step))
        expect(found.locator(f'.formula[data-step="{step}"]')).to_be_visible()
        expect(found.locator(".formula[data-step]:visible")).to_have_count(1)
        expect(field(found, "check.max_abs_difference")).to_have_text(re.compile(r"^0$|e−1\d"))
        if step < 6:
            following.click()
    expect(following).to_be_hidden()
    found.get_by_role("link", name="Previous step").click()
    expect(field(found, "step")).to_have_text("5")
    expect(page).to_have_url(re.compile(r"step=5"))


def test_another_beta_changes_the_numbers_and_the_sides_still_agree(page: Page) -> None:
    page.goto("/widgets/dpo_derivation?step=3")
    found = widget(page, "dpo_derivation")
    before = field(found, "terms.1.value").text_content()
    set_slider(found, "beta", "54")
    expect(field(found, "terms.1.value")).not_to_have_text(before or "")
    left, right = (field(found, f"check.{side}").text_content() for side in ("left", "right"))
    assert left == right


def test_at_the_last_step_focus_stays_in_the_widget(page: Page) -> None:
    page.goto("/widgets/dpo_derivation?step=5")
    found = widget(page, "dpo_derivation")
    link = found.get_by_role("link", name="Next step")
    link.focus()
    page.keyboard.press("Enter")
    expect(field(found, "step")).to_have_text("6")
    expect(found.locator("[name=step]:checked")).to_be_focused()


def test_without_javascript_links_step(plain_page: Page) -> None:
    plain_page.goto("/sections/dpo-insight?beta=2")
    plain_page.get_by_role("link", name="Next step").click()
    expect(plain_page.locator('[data-field="step"]').first).to_have_text("2")
    assert "beta=2" in plain_page.url


def test_breaking_the_derivation_shows_by_how_much_and_why(page: Page) -> None:
    page.goto("/widgets/dpo_derivation?step=3")
    found = widget(page, "dpo_derivation")
    difference = field(found, "check.max_abs_difference")
    expect(difference).to_have_text(re.compile("e−1"))
    found.get_by_label("drop Z(x)").check()
    expect(difference).to_have_text(re.compile(r"^\d\.\d$"))
    expect(found.locator(".finding")).to_contain_text("too low by β log Z(x)")
    found.get_by_label("none").check()
    expect(difference).to_have_text(re.compile("e−1"))
