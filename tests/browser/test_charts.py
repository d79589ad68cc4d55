"""Charts in a real browser: present without scripts and before Plotly, readable, and printable."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

# ---- stability -----------------------------------------------------------------------------------

SHIFTS = """
window.shifts = [];
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shifts.push(entry.value);
}).observe({ type: "layout-shift", buffered: true });
"""


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("slug", ["reward-modeling", "beta", "results"])
def test_nothing_moves_when_a_chart_arrives(first_visit: Page, slug: str, width: int) -> None:
    first_visit.set_viewport_size({"width": width, "height": 900})
    first_visit.add_init_script(SHIFTS)
    first_visit.goto(f"/sections/{slug}")
    for found in first_visit.locator("dpo-widget").all():
        for chart in found.locator(".chart").all():
            if chart.is_visible():
                chart.scroll_into_view_if_needed()
                expect(chart.locator("svg.main-svg").first).to_be_visible()
    # Two frames: the last shift is reported after the frame that made it.
    first_visit.evaluate(
        "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
    )
    assert sum(first_visit.evaluate("window.shifts")) < 0.02


# ---- paper ---------------------------------------------------------------------------------------


def pages_of(pdf: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page\b", pdf))


def test_the_one_page_version_prints_to_a_document(plain_page: Page) -> None:
    plain_page.goto("/read")
    pdf = plain_page.pdf(format="A4")
    assert pdf.startswith(b"%PDF")
    assert pages_of(pdf) >= 10
