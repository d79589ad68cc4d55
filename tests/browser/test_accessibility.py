"""axe-core on every page and on every widget after it was used; structure and names."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from app.widgets.registry import WIDGETS
from tests.browser.accessibility import (
    PAGES,
    PATIENCE,
    PHONE,
    WIDE,
    axe_finds,
    expect_drawn,
    open_details,
    open_page,
)
from tests.browser.helpers import widget


def test_axe_finds_nothing_on_a_page(opened: Page) -> None:
    """Wide and light, then narrow and dark with everything unfolded.

    The page with everything stays folded: what its widgets unfold is seen on their own pages.
    """
    opened.set_viewport_size(WIDE)
    opened.emulate_media(color_scheme="light")
    assert axe_finds(opened) == []
    opened.set_viewport_size(PHONE)
    opened.emulate_media(color_scheme="dark")
    if not opened.url.endswith("/read"):
        open_details(opened)
    assert axe_finds(opened) == []


def test_headings_do_not_jump_and_one_is_of_the_first_level(opened: Page) -> None:
    levels = opened.evaluate(
        """[...document.querySelectorAll("h1, h2, h3, h4, h5, h6")]
            .filter((heading) => heading.checkVisibility())
            .map((heading) => Number(heading.tagName[1]))"""
    )
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_landmarks_are_there_and_those_of_one_kind_have_names(opened: Page) -> None:
    expect(opened.get_by_role("main")).to_have_count(1)
    for kind in ("navigation", "complementary", "form", "region"):
        names = opened.get_by_role(kind).evaluate_all(
            """all => all.map((one) => one.getAttribute("aria-label") ??
                document.getElementById(one.getAttribute("aria-labelledby"))?.textContent ?? "")"""
        )
        assert all(names)
        assert len(set(names)) == len(names), kind


def test_tables_have_headers_for_their_columns_and_rows(opened: Page) -> None:
    faults = opened.evaluate(
        """[...document.querySelectorAll("table")].flatMap((table) => {
            const heads = [...(table.tHead?.rows[0]?.cells ?? [])];
            const named = heads.length > 1 &&
                heads.every((cell) => cell.matches("th[scope=col]") && cell.textContent.trim());
            const rows = [...table.tBodies].flatMap((body) => [...body.rows]);
            const led = rows.every((row) => row.querySelector("th[scope]")?.textContent.trim());
            return named && led ? [] : [table.outerHTML.slice(0, 300)];
        })"""
    )
    assert faults == []


def test_every_chart_is_an_image_whose_name_says_what_it_shows(opened: Page) -> None:
    for chart in opened.locator(".chart").all():
        expect(chart).to_have_role("img")
        finding = chart.evaluate("chart => chart.closest('dpo-widget').result.finding")
        label = chart.get_attribute("aria-label") or ""
        assert label.endswith(finding)
        assert len(label) > len(finding) + 10
        # Whoever can not see the chart can read its numbers.
        rows = chart.locator("xpath=following::table[@data-table][1]/tbody/tr")
        assert rows.count() > 0 or chart.is_hidden()
    for drawing in opened.locator("main svg:not(.chart svg):not([aria-hidden])").all():
        expect(drawing).to_have_role("img")
        assert len(drawing.get_attribute("aria-label") or "") > 60


def test_each_page_has_a_title_of_its_own_and_a_language(
    plain_page: Page, faults: list[str]
) -> None:
    faults += ["404", "422"]  # the error pages
    titles = {}
    for path in PAGES:
        plain_page.goto(path, timeout=PATIENCE)
        titles[path] = plain_page.title()
        expect(plain_page.locator("html")).to_have_attribute("lang", "en")
    assert len(set(titles.values())) == len(PAGES), titles


# ---- widgets after they were used ------------------------------------------------------------


def follow_a_suggestion(found: Locator) -> None:
    found.locator("[data-try]").last.click()


def run_ppo(found: Locator) -> None:
    found.locator('[name="iterations"]').fill("10")
    found.get_by_role("button", name="Run this seed").click()


def put_one_side_in_the_shade(found: Locator) -> None:
    follow_a_suggestion(found)
    found.locator('[data-range-for="view"]').fill("0")


USES: dict[str, Callable[[Locator], None]] = {
    "ppo_dynamics": run_ppo,
    "pipeline_comparison": put_one_side_in_the_shade,
}


@pytest.mark.parametrize("name", WIDGETS)
def test_axe_finds_nothing_on_a_widget_that_was_used_and_then_failed(
    browser: Browser, server: str, name: str
) -> None:
    with open_page(browser, server) as page:
        page.goto(f"/widgets/{name}")
        found = widget(page, name)
        element = found.element_handle()
        before = found.evaluate_handle("widget => widget.result")
        USES.get(name, follow_a_suggestion)(found)
        page.wait_for_function("([widget, old]) => widget.result !== old", arg=[element, before])
        expect_drawn(page)
        open_details(page)
        page.emulate_media(color_scheme="light")
        assert axe_finds(page) == []

        page.route("**/api/v1/**", lambda route: route.abort())
        found.evaluate("widget => widget.submit()")
        # A stream is opened again a few times before its widget gives up.
        expect(found.locator("[data-error]")).to_contain_text("server", timeout=60_000)
        page.emulate_media(color_scheme="dark")
        assert axe_finds(page) == []
