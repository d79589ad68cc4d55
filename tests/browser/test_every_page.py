"""Every page in a real browser. The page fixture also refuses console errors and foreign hosts."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from app.sections import SECTIONS
from app.widgets.registry import WIDGETS
from tests.browser.helpers import widget

PLAIN = ["/", "/sources", "/symbols", "/docs"]
SECTION_PAGES = [f"/sections/{section.slug}" for section in SECTIONS]
WIDGET_PAGES = [f"/widgets/{name}" for name in WIDGETS]


@pytest.mark.parametrize("path", PLAIN)
def test_a_plain_page_has_no_fault(page: Page, path: str) -> None:
    page.goto(path)
    expect(page.locator("h1")).to_be_visible()


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.slug)
def test_the_widgets_of_a_section_come_to_life(page: Page, section: object) -> None:
    page.goto(f"/sections/{section.slug}")  # type: ignore[attr-defined]
    for name in section.widgets:  # type: ignore[attr-defined]
        widget(page, name)
    page.wait_for_load_state("networkidle")


@pytest.mark.parametrize("name", WIDGETS)
def test_drawing_by_script_changes_no_number_of_the_server(page: Page, name: str) -> None:
    """app/formats.py and static/format.js write alike."""
    page.goto(f"/widgets/{name}")
    outputs = page.locator("[data-field]")
    before = outputs.all_text_contents()
    shown = widget(page, name)
    shown.evaluate("widget => widget.show(widget.result)")
    assert outputs.all_text_contents() == before


@pytest.mark.parametrize("path", PLAIN + SECTION_PAGES + WIDGET_PAGES + ["/read"])
def test_without_javascript_a_page_has_its_numbers_and_no_sideways_overflow(
    plain_page: Page, path: str
) -> None:
    plain_page.set_viewport_size({"width": 390, "height": 844})
    plain_page.goto(path)
    expect(plain_page.locator("h1")).to_be_visible()
    for output in plain_page.locator(".stat dd").all_text_contents():
        assert output.strip()


@pytest.mark.parametrize("width", [320, 390, 820, 1440])
@pytest.mark.parametrize("path", PLAIN + SECTION_PAGES)
def test_no_page_scrolls_sideways(page: Page, path: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(path)
    for found in page.locator("dpo-widget").all():
        found.scroll_into_view_if_needed()
        expect(found).to_have_attribute("data-ready", "")
    overflow = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert overflow <= 0


def test_a_section_can_be_left_for_the_next_and_the_previous_one(page: Page) -> None:
    page.goto(SECTION_PAGES[0])
    for following in SECTIONS[1:]:
        page.locator("a[rel=next]").click()
        expect(page.locator("h1")).to_contain_text(following.title)
    page.locator("a[rel=prev]").click()
    expect(page.locator("h1")).to_contain_text(SECTIONS[-2].title)


def test_the_theme_button_wins_over_the_system_and_is_remembered(page: Page) -> None:
    page.emulate_media(color_scheme="light")
    page.goto("/")
    background = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(background)
    page.locator("[data-theme-toggle]").click()
    dark = page.evaluate(background)
    assert dark != light
    page.goto("/sources")
    assert page.evaluate(background) == dark


def test_the_contents_mark_the_heading_that_is_read(page: Page) -> None:
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto("/sections/reward-modeling")
    contents = page.locator(".section-contents .beside")
    expect(contents.locator('[aria-current="page"]')).to_contain_text("Reward modeling")
    contents.get_by_role("link", name="What a pair cannot tell").click()
    expect(contents.locator('[aria-current="location"]')).to_have_text("What a pair cannot tell")
    page.locator("h1").scroll_into_view_if_needed()
    expect(contents.locator('[aria-current="location"]')).to_have_count(0)


def test_on_a_phone_the_contents_are_folded_up_above_the_text(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/sections/beta")
    link = page.locator(".section-contents .above").get_by_role("link", name="The DPO loss")
    expect(link).to_be_hidden()
    page.get_by_text("All sections, and what is in this one").click()
    link.click()
    expect(page.locator("h1")).to_contain_text("The DPO loss")
