"""Every page in a real browser, visited once with scripts and once without, with all checks in one visit.

The page fixtures also refuse console errors and requests to other hosts.
"""

from __future__ import annotations

import re
from itertools import combinations
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from app.content.sections import SECTIONS
from app.embedding.snippets import PUBLISHED_WIDTH, measured_heights
from app.paths import TEMPLATES
from app.widgets.registry import WIDGETS
from tests.browser.accessibility import (
    PATIENCE,
    PHONE,
    WIDE,
    axe_finds,
    bare_tables,
    expect_controls_to_speak,
    expect_pictures_to_say_what_they_show,
    expect_structure,
    open_details,
    visit,
)
from tests.browser.helpers import widget
from tests.browser.keys import (
    expect_first_stop_to_skip_to_the_content,
    expect_tab_to_reach_everything,
)
from tests.browser.layout import (
    expect_no_sideways_scrolling,
    expect_room_for_wider_spacing,
    settled_height,
    small_targets,
)

ERROR_PAGES = ["/sections/nowhere", "/sources?x=1"]
SECTION_PAGES = [f"/sections/{section.slug}" for section in SECTIONS]
WIDGET_PAGES = [f"/widgets/{name}" for name in WIDGETS]
OTHERS = ["/", "/check?run=reference_swapped", "/sources", "/symbols", "/docs", "/embed"]
TEACH_PAGES = ["/teach", "/teach/exercises", "/teach/answers?groups=3"]
PAGES = [*OTHERS, *TEACH_PAGES, *SECTION_PAGES, *WIDGET_PAGES, "/read"]

# Pages that are tabbed through completely: the others only have more links of the same kinds.
BY_TAB = ["/", "/docs", "/sections/dpo-insight", "/sections/beta", *WIDGET_PAGES]

# A window of 1280 px has 640 px at a zoom of 200%, and 320 px at 400%.
WIDTHS = [320, 390, 640, PUBLISHED_WIDTH, 820, 1440]
MOST_SPARE = 0.15
"""pixels that a published height may exceed what the page needs"""


@pytest.mark.parametrize("path", [*PAGES, *ERROR_PAGES])
def test_a_page_fits_and_can_be_used_by_everybody(
    page: Page, faults: list[str], subtests: pytest.Subtests, path: str
) -> None:
    faults += ["404", "422"] if path in ERROR_PAGES else []
    page.emulate_media(reduced_motion="reduce", color_scheme="light")
    page.set_default_timeout(PATIENCE)
    page.set_viewport_size({"width": WIDTHS[0], "height": 700})
    html = visit(page, path).text()
    is_widget = path in WIDGET_PAGES
    everything = path == "/read"
    with subtests.test("drawing by script changes no number of the server"):
        assert page.evaluate(SHOWN_AGAIN) == page.evaluate(FIELDS, html)
    for width in WIDTHS:
        with subtests.test("nothing scrolls sideways", width=width):
            page.set_viewport_size({"width": width, "height": 900})
            expect_no_sideways_scrolling(page)
        published = measured_heights().get(path.removeprefix("/widgets/"))
        if published is not None and width == PUBLISHED_WIDTH:
            with subtests.test("the published height is enough and not much more"):
                needs = settled_height(page.main_frame)
                assert (1 - MOST_SPARE) * published <= needs <= published, "run `make heights`"
    page.set_viewport_size(WIDE)
    with subtests.test("nothing moves for those who prefer that"):
        assert page.evaluate("document.getAnimations().length") == 0
        assert page.evaluate("getComputedStyle(document.documentElement).scrollBehavior") == "auto"
    with subtests.test("Tab reaches everything in order and leaves again"):
        if path in BY_TAB:
            expect_tab_to_reach_everything(page)
        expect_first_stop_to_skip_to_the_content(page)
    with subtests.test("structure"):
        expect_structure(page)
        assert bare_tables(page) == []
        expect_pictures_to_say_what_they_show(page)
    with subtests.test("controls say their values"):
        for found in [] if everything else page.locator("dpo-widget").all():
            expect_controls_to_speak(found)
    # Widgets are checked on the pages of their sections, and on their own after use.
    if not is_widget:
        with subtests.test("axe finds nothing, wide and light"):
            assert axe_finds(page) == []
    open_details(page)
    page.set_viewport_size(PHONE)
    with subtests.test("targets are large enough for a finger"):
        assert small_targets(page) == []
    if not is_widget and not everything:
        with subtests.test("axe finds nothing, narrow, dark and unfolded"):
            page.emulate_media(color_scheme="dark")
            assert axe_finds(page) == []
    for width in (640, 320):
        with subtests.test("nothing scrolls sideways unfolded", width=width):
            page.set_viewport_size({"width": width, "height": 700})
            expect_no_sideways_scrolling(page)
    with subtests.test("wider spacing of text cuts nothing off"):
        expect_room_for_wider_spacing(page)


# The outputs of all widgets, once their scripts have drawn the results that the server drew.
SHOWN_AGAIN = """() => {
    for (const widget of document.querySelectorAll("dpo-widget")) widget.show(widget.result);
    return [...document.querySelectorAll("[data-field]")].map((output) => output.textContent);
}"""
FIELDS = """(html) => [...new DOMParser().parseFromString(html, "text/html").querySelectorAll("[data-field]")]
    .map((output) => output.textContent)"""


# ---- without JavaScript ----------------------------------------------------------------------

HAVE_CHARTS = [
    name
    for name in WIDGETS
    if "c.chart(" in (TEMPLATES / f"widgets/{name}.html").read_text(encoding="utf-8")
]
OTHER_CHARTS = [
    "/widgets/rlhf_pipeline?stage=reward_model",
    "/widgets/dpo_loss?loss_type=ipo&beta=0.1&logratio_chosen=2&logratio_rejected=-1",
    *(
        f"/widgets/win_rates?benchmark={benchmark}"
        for benchmark in ("human", "hh", "hh_training", "imdb", "cnn_dailymail")
    ),
]

# Every text of a visible chart, with its box and that of the chart, in pixels.
WORDS = """drawing => {
  const box = (element) => {
    const { left, right, top, bottom } = element.getBoundingClientRect();
    return { left, right, top, bottom };
  };
  const shown = [...drawing.querySelectorAll("text")].filter((text) => text.getClientRects().length);
  return {
    chart: box(drawing.closest(".chart, .drawn")),
    words: shown.map((text) => ({
      text: text.textContent,
      size: parseFloat(getComputedStyle(text).fontSize),
      ...box(text),
    })),
  };
}"""


def overlaps(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether two boxes overlap by more than the space above and below letters."""
    width = min(one["right"], other["right"]) - max(one["left"], other["left"])
    height = min(one["bottom"], other["bottom"]) - max(one["top"], other["top"])
    return bool(width > 0 and height > 3)


def expect_readable(words: list[dict[str, Any]], chart: dict[str, Any]) -> None:
    """Texts are large enough, within their chart, and do not overlap."""
    assert len(words) > 3
    for word in words:
        assert word["size"] >= 12
        assert word["left"] >= chart["left"] - 1, word
        assert word["right"] <= chart["right"] + 1, word
        assert word["top"] >= chart["top"] - 1, word
        assert word["bottom"] <= chart["bottom"] + 1, word
    pairs = combinations(words, 2)
    assert [(one["text"], other["text"]) for one, other in pairs if overlaps(one, other)] == []


@pytest.mark.parametrize("path", PAGES + OTHER_CHARTS)
def test_without_javascript_a_page_has_its_numbers_and_charts_that_can_be_read(
    plain_page: Page, path: str
) -> None:
    plain_page.goto(path)
    expect(plain_page.locator("h1")).to_be_visible()
    for output in plain_page.locator(".stat dd").all_text_contents():
        assert output.strip()
    for width in (390, 1280):
        plain_page.set_viewport_size({"width": width, "height": 900})
        expect_no_sideways_scrolling(plain_page)
        drawn = plain_page.locator(".chart > .drawing, .drawn > .at-width")
        drawings = [drawing for drawing in drawn.all() if drawing.is_visible()]
        assert drawings or path.partition("?")[0].removeprefix("/widgets/") not in HAVE_CHARTS
        for drawing in drawings:
            expect_readable(**drawing.evaluate(WORDS))


# ---- from page to page -----------------------------------------------------------------------


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


def test_the_runs_of_the_home_page_are_played_once_and_a_button_stops_them(page: Page) -> None:
    page.goto("/")
    found = widget(page, "hero")
    found.get_by_role("button", name="Pause").click()
    stopped = found.locator("[data-at-range]").input_value()
    expect(found.get_by_role("button", name="Play")).to_be_visible()
    expect(page).to_have_url(re.compile(rf"hero\.at={stopped}$"))
    found.locator("[data-at-range]").press("End")
    expect(page).to_have_url(re.compile(r"/$"))


def test_the_home_page_stands_still_for_those_who_prefer_that(page: Page) -> None:
    page.emulate_media(reduced_motion="reduce")
    page.goto("/")
    found = widget(page, "hero")
    expect(found.get_by_role("button", name="Play")).to_be_visible()
    expect(found.locator("[data-at-range]")).to_have_value("150")
