"""Widgets of methods and losses: a new choice trains or looks up a new result."""

from __future__ import annotations

import re

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
    expect(found.locator(".finding")).to_contain_text(
        "8,000 comparisons, the additive reward model and PPO"
    )


def test_a_run_of_ones_own_is_added_below_the_frontier(page: Page) -> None:
    page.goto("/widgets/frontier")
    found = widget(page, "frontier")
    expect_chart(found)
    expect(found.locator("[data-own]").first).to_be_hidden()
    # Without a method it asks for one, and trains none of its own choice.
    found.get_by_role("button", name="Train and add it").click()
    expect(found.get_by_role("alert")).to_have_text("Choose a method to train.")
    expect(found.locator('[name="method"]')).to_have_value("none")
    found.get_by_label("Add a point of your own").select_option("best_of_n")
    expect(found.locator('[name="strength"]')).to_have_value("16")
    found.get_by_role("button", name="Train and add it").click()
    expect(field(found, "own.true_quality")).to_have_text(re.compile(r"^2\.\d"))
    expect(found.locator(".finding")).to_contain_text("below the frontier")
    expect(page).to_have_url(re.compile("method=best_of_n&strength=16"))


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


def test_without_javascript_an_address_adds_a_run(plain_page: Page) -> None:
    plain_page.goto("/widgets/frontier?method=best_of_n&strength=4")
    expect(plain_page.locator(".finding")).to_contain_text("Your best of N")
