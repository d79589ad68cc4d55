"""Shared by accessibility tests: a page whose widgets are running, axe's verdict, structure and names."""

from __future__ import annotations

import re
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Literal

from playwright.sync_api import Locator, Page, Response, ViewportSize, expect

from tests.browser.helpers import unfold

WIDE: ViewportSize = {"width": 1280, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}

SCHEMES: tuple[Literal["light"], Literal["dark"]] = ("light", "dark")

PATIENCE = 240_000
"""milliseconds; a page may have to train first, on a busy machine"""


@cache
def axe_script() -> str:
    path = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
    return path.read_text(encoding="utf-8")


# Every rule of axe is checked, including experimental ones and those off by default, except:
EXCLUDED = [
    # AAA of WCAG 1.4.6 requires a contrast of 7; the site meets 4.5, the AA of 1.4.3.
    "color-contrast-enhanced",
    # AAA of WCAG 2.4.9 wants link texts that stand alone: "JSON" is explained by its widget.
    "identical-links-same-purpose",
    # Experimental. An equation that is wider than its column scrolls, so it has to be focusable; it
    # is a named group, because a landmark for each equation would bury the real landmarks.
    "focus-order-semantics",
]


def visit(page: Page, path: str) -> Response:
    """Open a page, unfolded, and wait for its widgets; returns the server's response."""
    answer = page.goto(path)
    assert answer is not None
    unfold(page)
    for found in page.locator("dpo-widget").all():
        found.scroll_into_view_if_needed()
        expect(found).to_have_attribute("data-ready", "")
    return answer


def open_details(page: Page) -> None:
    """Open everything that can be unfolded."""
    page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")


def axe_finds(page: Page) -> list[str]:
    """Violations of any impact on the current page, one line per element."""
    if page.evaluate("typeof axe") == "undefined":
        page.evaluate(axe_script())
    found: list[str] = page.evaluate(
        """async (excluded) => {
            const ids = axe.getRules().map(({ ruleId }) => ruleId);
            const rules = Object.fromEntries(ids.map((id) => [id, { enabled: !excluded.includes(id) }]));
            const { violations } = await axe.run(document, { rules, resultTypes: ["violations"] });
            return violations.flatMap(({ id, impact, nodes }) =>
                nodes.map((node) => `${id} (${impact}): ${node.target.join(" ")}: ${node.failureSummary}`),
            );
        }""",
        EXCLUDED,
    )
    return found


def expect_structure(page: Page) -> None:
    """Headings skip no level, and one is of the first level; landmarks of one kind have distinct names."""
    levels = page.evaluate(
        """[...document.querySelectorAll("h1, h2, h3, h4, h5, h6")]
            .filter((heading) => heading.checkVisibility())
            .map((heading) => Number(heading.tagName[1]))"""
    )
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    expect(page.get_by_role("main")).to_have_count(1)
    for kind in ("navigation", "complementary", "form", "region"):
        names = page.get_by_role(kind).evaluate_all(
            """all => all.map((one) => one.getAttribute("aria-label") ??
                document.getElementById(one.getAttribute("aria-labelledby"))?.textContent ?? "")"""
        )
        assert all(names)
        assert len(set(names)) == len(names), kind


def bare_tables(page: Page) -> list[str]:
    """Tables without a header for a column or a row."""
    found: list[str] = page.evaluate(
        """[...document.querySelectorAll("table")].flatMap((table) => {
            const heads = [...(table.tHead?.rows[0]?.cells ?? [])];
            const named = heads.length > 1 &&
                heads.every((cell) => cell.matches("th[scope=col]") && cell.textContent.trim());
            const rows = [...table.tBodies].flatMap((body) => [...body.rows]);
            const led = rows.every((row) => row.querySelector("th[scope]")?.textContent.trim());
            return named && led ? [] : [table.outerHTML.slice(0, 300)];
        })"""
    )
    return found


def expect_pictures_to_say_what_they_show(page: Page) -> None:
    """Each drawing is an image with a name that says what it shows."""
    for drawing in page.locator("main svg:not([aria-hidden])").all():
        expect(drawing).to_have_role("img")
        assert len(drawing.get_attribute("aria-label") or "") > 60


def expect_controls_to_speak(found: Locator) -> None:
    """Sliders and boxes have name, value and unit; one element announces results, one errors."""
    for box in found.locator(".control input[type=number]:visible").all():
        expect(box).to_have_accessible_name(re.compile(r"\w"))
    for slider in found.locator("[data-range-for]:visible").all():
        box = found.locator(f'[name="{slider.get_attribute("data-range-for")}"]')
        expect(slider).to_have_accessible_name(re.compile(r"\S"))
        unit = slider.get_attribute("data-unit") or ""
        if "data-values" not in (slider.evaluate("range => range.getAttributeNames()")):
            value = f"{box.input_value()} {unit}".strip()
            expect(slider).to_have_attribute("aria-valuetext", value)
        title = slider.get_attribute("aria-label") or ""
        assert title
        if box.is_visible():
            expect(box).to_have_accessible_name(f"{title} ({unit})" if unit else title)
    expect(found.locator("[role=status], [aria-live=polite], output")).to_have_count(1)
    expect(found.locator("[role=alert], [aria-live=assertive], [role=log]")).to_have_count(1)
