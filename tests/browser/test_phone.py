"""What a finger does on a phone, and what shows it where there is more."""

from __future__ import annotations

from playwright.sync_api import Page, expect

WIDE = """() => [...document.querySelectorAll(".formula, .table-scroll")]
  .filter((box) => box.scrollWidth > box.clientWidth)
  .map((box) => getComputedStyle(box).backgroundImage.includes("gradient"))"""

SWIPES = """() => [...document.querySelectorAll("input[type=range]")]
  .map((range) => getComputedStyle(range).touchAction)"""


def test_what_is_cut_at_the_edge_shows_it_and_swipes_on_sliders_scroll(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/sections/dpo-insight")
    wide = page.evaluate(WIDE)
    assert wide
    assert all(wide)
    page.goto("/sections/dpo-loss")
    swipes = page.evaluate(SWIPES)
    assert swipes
    assert set(swipes) <= {"pan-y", "none"}


def test_the_header_leads_to_the_check_of_a_run_in_one_row(page: Page) -> None:
    page.goto("/symbols")
    header = page.locator(".site-header")
    for width in (320, 390, 600, 1366):
        page.set_viewport_size({"width": width, "height": 844})
        expect(header.get_by_role("link", name="Check a run")).to_be_visible()
        tops = header.evaluate(
            "header => [...header.querySelectorAll('a, button')].filter((one) => one.offsetWidth)"
            ".map((one) => one.getBoundingClientRect().top)"
        )
        assert max(tops) - min(tops) < 10, width
