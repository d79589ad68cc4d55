"""Charts in a real browser: present without scripts and before Plotly, readable, and printable."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from app.paths import TEMPLATES
from app.widgets.registry import WIDGETS
from tests.browser.helpers import expect_chart, widget

HAVE_CHARTS = [
    name
    for name in WIDGETS
    if "c.chart(" in (TEMPLATES / f"widgets/{name}.html").read_text(encoding="utf-8")
]


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


def test_on_paper_every_chart_is_there_drawn_by_plotly_or_not(page: Page) -> None:
    page.emulate_media(color_scheme="dark")
    page.goto("/read")
    expect_chart(widget(page, HAVE_CHARTS[0]))
    page.emulate_media(media="print", color_scheme="dark")
    charts = [chart for chart in page.locator(".chart").all() if chart.is_visible()]
    assert len(charts) >= len(HAVE_CHARTS)
    by_us = 0
    for chart in charts:
        ours = chart.locator("> .drawing")
        by_us += ours.count()
        drawing = ours if ours.count() else chart.locator("svg.main-svg").first
        expect(drawing).to_be_visible()
        box, whole = drawing.bounding_box(), chart.bounding_box()
        assert box is not None
        assert whole is not None
        assert box["width"] <= whole["width"] + 1
    assert by_us > 0
    # Dark ink on light paper, also in Plotly's drawing.
    ink = "getComputedStyle(document.querySelector('.stage .xtick text')).fill"
    page.wait_for_function(f"() => Math.max(...{ink}.match(/\\d+/g).map(Number)) < 128")
    assert pages_of(page.pdf(format="A4")) >= 10
