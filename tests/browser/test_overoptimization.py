from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.helpers import settled, widget


def test_a_guess_brings_the_curve_and_the_scrub_and_the_settings_follow(page: Page) -> None:
    page.emulate_media(reduced_motion="reduce")
    page.goto("/widgets/overoptimization?step=1")
    found = widget(page, "overoptimization")
    readout = found.locator("[data-readout]")
    expect(readout).to_be_hidden()
    expect(found.locator("svg.plot text", has_text="peak")).to_have_count(0)
    found.get_by_role("button", name="level off").click()
    expect(readout).to_contain_text("It falls.")
    expect(readout).to_contain_text("past its peak")
    expect(found.locator("svg.plot text", has_text="peak")).to_have_count(1)
    expect(page).to_have_url(re.compile("guess=b"))
    found.locator("[data-at-range]").fill("4")
    expect(readout).to_contain_text("Best of 16")
    expect(readout).to_contain_text("Both still rise")
    expect(page).to_have_url(re.compile("at=4"))
    found.locator("[data-settings] > summary").click()
    found.get_by_label("PPO", exact=True).check()
    settled(found)
    expect(found.locator("[data-settings] > summary")).to_contain_text("PPO, additive")
    found.locator("[data-step='5']").click()
    expect(found.locator("[data-title]")).to_contain_text("rich enough")
