from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.helpers import expect_chart, field, set_slider, widget


def test_turning_beta_down_moves_probability(page: Page) -> None:
    page.goto("/sections/beta")
    found = widget(page, "beta_effect")
    expect_chart(found)
    expect_chart(found, "tradeoff")
    set_slider(found, "beta", "60")
    expect(field(found, "kl")).to_have_text("0.01")
    set_slider(found, "beta", "0")
    expect(field(found, "effective_responses")).to_have_text("1")
    expect(field(found, "responses.0.optimal_probability")).to_have_text(re.compile(r"^9\d"))
    expect(page).to_have_url(re.compile(r"beta=0\.01"))


def test_the_learned_reward_brings_the_flattery_up(page: Page) -> None:
    page.goto("/sections/beta?beta=0.1")
    found = widget(page, "beta_effect")
    first = found.locator('[data-phrases="responses.0.phrases"]')
    before = first.text_content()
    found.get_by_label("learned by the reward model").check()
    expect(field(found, "true_quality")).to_have_text(re.compile("^−"))
    assert first.text_content() != before
    expect(found.locator(".finding")).to_contain_text("below the reference")


def test_chips_are_coloured_by_the_sign_of_their_number(page: Page) -> None:
    page.goto("/widgets/beta_effect?beta=0.2")
    found = widget(page, "beta_effect")
    found.get_by_label("Prompt").select_option("poem")
    expect(found.locator("[data-live]")).to_contain_text("β = 0.2")
    for chip in found.locator(".phrase").all():
        lost = "−" in (chip.locator(".phrase-ratio").text_content() or "")
        expect(chip).to_have_class(re.compile("lost" if lost else "gained"))


def test_without_javascript_the_form_turns_beta(plain_page: Page) -> None:
    plain_page.goto("/sections/beta")
    plain_page.locator('[name="beta"]').fill("10")
    plain_page.get_by_role("button", name="Update").click()
    expect(plain_page.locator('[data-field="kl"]')).to_have_text("0.01")
