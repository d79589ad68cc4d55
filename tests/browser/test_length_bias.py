from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

from tests.browser.helpers import set_slider, settled, widget

DOTS = "svg.plot circle.f-opt"
MEAN = "dots => dots.reduce((sum, dot) => sum + Number(dot.getAttribute('cx')), 0) / dots.length"


def middle(found: Locator) -> float:
    settled(found)
    return float(found.locator(DOTS).evaluate_all(MEAN))


def test_dots_follow_the_taste_and_the_price_takes_them_back_and_too_far(page: Page) -> None:
    page.goto("/widgets/length_bias?length_taste=0")
    found = widget(page, "length_bias")
    title, readout = found.locator("[data-title]"), found.locator("[data-readout]")
    expect(found.locator(DOTS)).to_have_count(50)
    unbiased = middle(found)
    # On its way the knob comes by the taste of the third step, whose question stays closed.
    for taste in ("0.3", "0.4"):
        set_slider(found, "length_taste", taste)
        expect(readout).to_contain_text("words longer")
        expect(found.locator("[data-ask]")).to_be_hidden()
    longer = middle(found)
    assert longer > unbiased + 50
    set_slider(found, "length_price", "0.4")
    expect(title).to_contain_text("cancels")
    assert abs(middle(found) - unbiased) < 1
    set_slider(found, "length_price", "0.5")
    expect(readout).to_contain_text("words shorter")
    assert middle(found) < unbiased - 20
    expect(page).to_have_url(re.compile(r"length_taste=0\.4&length_price=0\.5"))


def test_the_answer_is_drawn_after_the_readers_and_the_knob_moves_on_from_there(
    page: Page, plain_page: Page
) -> None:
    page.goto("/widgets/length_bias?step=3")
    found = widget(page, "length_bias")
    expect(found.locator("[data-ask]")).to_be_visible()
    expect(found.locator(DOTS)).to_have_count(0)
    expect(found.locator("svg.plot .handle.still")).to_have_count(2)
    found.get_by_role("button", name="6 words", exact=True).click()
    expect(found.locator("[data-readout]")).to_contain_text("Right.")
    expect(found.locator(DOTS)).to_have_count(50)
    set_slider(found, "length_taste", "0.2")
    settled(found)
    expect(found.locator("[data-ask]")).to_be_hidden()
    plain_page.goto("/widgets/length_bias?step=3")
    plain_page.get_by_role("link", name="20 words", exact=True).or_(
        plain_page.get_by_role("button", name="20 words", exact=True)
    ).click()
    expect(plain_page.locator("[data-readout]")).to_contain_text("Less than that.")
    expect(plain_page.locator("svg.at-width:visible circle.f-opt")).to_have_count(50)
