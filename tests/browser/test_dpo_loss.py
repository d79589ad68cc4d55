from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.helpers import expect_chart, field, set_slider, widget


def test_the_sliders_move_rewards_margin_loss_and_gradient(page: Page) -> None:
    page.goto("/sections/dpo-loss")
    found = widget(page, "dpo_loss")
    expect(field(found, "probability")).to_have_text("88.1%")
    expect(field(found, "loss")).to_have_text("0.127")
    set_slider(found, "logratio_chosen", "-3")
    expect(field(found, "margin")).to_have_text("0.00")
    expect(field(found, "loss")).to_have_text("0.693")
    expect(field(found, "gradient_weight")).to_have_text("0.500")
    expect_chart(found)


def test_beta_is_on_a_logarithmic_scale(page: Page) -> None:
    page.goto("/widgets/dpo_loss")
    found = widget(page, "dpo_loss")
    set_slider(found, "beta", "0")
    expect(found.locator('[name="beta"]')).to_have_value("0.01")
    expect(field(found, "margin")).to_have_text("0.04")
    set_slider(found, "beta", "60")
    expect(found.locator('[name="beta"]')).to_have_value("10")
    expect(field(found, "margin")).to_have_text("40.00")


def test_a_loss_shows_the_controls_that_it_reads(page: Page) -> None:
    page.goto("/widgets/dpo_loss")
    found = widget(page, "dpo_loss")
    smoothing = found.locator('[name="label_smoothing"]')
    lengths = found.locator('[name="chosen_length"]')
    logps = found.locator('[name="reference_chosen_logp"]')
    expect(smoothing).to_be_visible()
    expect(lengths).to_be_hidden()
    found.locator('[name="loss_type"]').select_option("orpo")
    expect(lengths).to_be_visible()
    expect(logps).to_be_visible()
    expect(smoothing).to_be_hidden()


def test_label_smoothing_follows_what_the_loss_allows(page: Page) -> None:
    page.goto("/widgets/dpo_loss")
    found = widget(page, "dpo_loss")
    smoothing = found.locator('[name="label_smoothing"]')
    found.locator('[name="loss_type"]').select_option("exo_pair")
    expect(smoothing).to_have_value("0.001")
    expect(found.locator(".finding")).to_contain_text("exo_pair")
    found.locator('[name="loss_type"]').select_option("hinge")
    expect(smoothing).to_have_value("0")
    expect(found.locator(".finding")).to_contain_text("at rest")
    expect(found.locator("[data-error]")).to_be_hidden()


def test_a_suggestion_sets_the_controls(page: Page) -> None:
    page.goto("/widgets/dpo_loss")
    found = widget(page, "dpo_loss")
    found.get_by_role("link", name=re.compile("Put IPO at its target gap")).click()
    expect(field(found, "loss")).to_have_text("0.000")
    expect(found.locator('[name="loss_type"]')).to_have_value("ipo")
    expect(page).to_have_url(re.compile("loss_type=ipo"))
