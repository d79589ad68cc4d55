"""A figure that is folded up on arrival is drawn as others are once it is seen."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

from tests.browser.accessibility import PHONE, WIDE

SECTION = "/sections/ppo-problem"
SUMMARY = "Does more data help? A study in the lab"
ANCHOR = "does-more-data-help-a-study-in-the-lab"
DRAWN = """(svg) => ({
    across: svg.getBoundingClientRect().width,
    drawn: svg.viewBox.baseVal.width,
    marks: svg.childElementCount,
})"""


def figure(page: Page) -> Locator:
    return page.locator('dpo-widget[name="overoptimization"]')


def expect_drawn(found: Locator) -> None:
    """The drawing is as wide as its place, in which it was not laid out at first."""
    plot = found.locator("svg.plot")
    expect(plot).to_have_attribute("viewBox", re.compile(r"^0 0 \d"))
    drawn = plot.evaluate(DRAWN)
    assert abs(drawn["across"] - drawn["drawn"]) < 1, drawn
    assert drawn["marks"] > 10


def test_a_folded_figure_is_drawn_when_it_is_opened(page: Page) -> None:
    for size in (WIDE, PHONE):
        page.set_viewport_size(size)
        page.goto(SECTION)
        found = figure(page)
        expect(found).to_be_hidden()
        page.get_by_text(SUMMARY).click()
        found.scroll_into_view_if_needed()
        expect(found).to_have_attribute("data-ready", "")
        expect_drawn(found)
    # Its state is in the address from then on, which opens it again.
    found.locator('[data-step="3"]').click()
    expect(page).to_have_url(re.compile(r"\?"))
    page.reload()
    expect(figure(page)).to_be_visible()


def test_a_link_opens_what_it_leads_to(page: Page) -> None:
    for anchor in (ANCHOR, "overoptimization-title"):
        page.goto(f"{SECTION}#{anchor}")
        expect(figure(page)).to_be_visible()
        expect(page.locator(f"#{anchor}")).to_be_in_viewport()
        page.goto("/symbols")


def test_a_folded_figure_stands_on_paper(page: Page) -> None:
    page.goto(SECTION)
    expect(figure(page)).to_be_hidden()
    page.emulate_media(media="print")
    expect(figure(page).locator("svg.plot")).to_be_visible()
    expect_drawn(figure(page))


def test_without_javascript_a_fold_opens_and_an_address_opens_it(plain_page: Page) -> None:
    plain_page.goto(SECTION)
    plain_page.get_by_text(SUMMARY).click()
    figure(plain_page).locator('[data-step="3"]').click()
    expect(plain_page).to_have_url(re.compile(r"\?"))
    expect(figure(plain_page)).to_be_visible()
