from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.helpers import widget


def test_a_guess_is_asked_for_before_the_run_is_drawn(page: Page) -> None:
    page.emulate_media(reduced_motion="reduce")
    page.goto("/widgets/likelihood_displacement?step=1")
    found = widget(page, "likelihood_displacement")
    curves = found.locator("svg.plot path.line")
    expect(found.locator("[data-title]")).to_have_text("What becomes of the chosen responses?")
    expect(curves).to_have_count(0)
    found.get_by_role("button", name="less likely").click()
    expect(curves).to_have_count(4)
    expect(found.locator("[data-readout]")).to_contain_text("Right. After 300 steps")
    expect(found.locator("[data-title]")).to_contain_text("fall")
    expect(page).to_have_url(re.compile(r"guess=b"))
    page.reload()
    expect(found.locator("[data-readout]")).to_contain_text("Right. After 300 steps")


def test_a_place_of_the_run_is_part_of_the_address(page: Page) -> None:
    page.goto("/widgets/likelihood_displacement?at=12")
    found = widget(page, "likelihood_displacement")
    readout = found.locator("[data-readout]")
    expect(readout).to_contain_text("After 120 steps")
    found.locator("[data-at-range]").focus()
    # Numbers within filled columns have the color of the page.
    fills = found.evaluate(
        """(widget) => [...widget.querySelectorAll("svg.plot text.f-paper")].map(
            (text) => getComputedStyle(text).fill)"""
    )
    assert set(fills) == {page.evaluate("getComputedStyle(document.body).backgroundColor")}
    page.keyboard.press("ArrowRight")
    expect(readout).to_contain_text("After 130 steps")
    expect(page).to_have_url(re.compile(r"at=13$"))


def test_a_step_trains_another_run_which_its_title_fits(page: Page) -> None:
    page.emulate_media(reduced_motion="reduce")
    page.goto("/sections/dpo-loss")
    found = widget(page, "likelihood_displacement")
    expect(found.locator("[data-title]")).to_contain_text("at the optimum too")
    found.locator("[data-step='5']").click()
    expect(found.locator("[data-title]")).to_contain_text("do not fall")
    expect(page).to_have_url(re.compile(r"loss=dpo_nll"))
