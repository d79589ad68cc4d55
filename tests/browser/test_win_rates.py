from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Locator, Page, expect

from app.charts.table import columns_of
from app.widgets.win_rates.widget import LABELS, Params, compute
from tests.browser.helpers import expect_chart, field, widget


def choose(found: Locator, benchmark: str) -> None:
    found.get_by_label(LABELS[benchmark], exact=True).check()
    expect(found.locator("[data-live]")).to_have_text(compute(Params(benchmark=benchmark)).finding)


# The texts that the script refills, of a page in the browser or of its markup.
FILLED = """(place) => {
    const page = typeof place === "string" ? new DOMParser().parseFromString(place, "text/html") : place;
    const all = (selector) => [...page.querySelectorAll(selector)];
    const text = (element) => element.textContent.replace(/\\s+/g, " ").trim();
    const source = page.querySelector("[data-source]");
    return {
        cells: all("[data-tables] :is(th, td)").map((cell) => cell.outerHTML),
        captions: all("[data-tables] :is(summary, caption)").map(text),
        folds: all("[data-tables] details").map((fold) => fold.open),
        notes: all("[data-notes] li").map(text),
        hidden: all("[data-part]").map((part) => part.hidden),
        parts: all("[data-part]:not([hidden]) :is(p, dd)").map(text),
        data: all('[data-table="figure"] :is(th, td)').map(text),
        source: [source.hash, text(source)],
    };
}"""


def test_each_benchmark_changes_chart_tables_and_address_as_the_server_would(page: Page) -> None:
    page.goto("/sections/results")
    found = widget(page, "win_rates")
    expect_chart(found)
    for benchmark in [*list(LABELS)[1:], "tldr"]:
        choose(found, benchmark)
        result = compute(Params(benchmark=benchmark))
        chart = expect_chart(found)
        expect(chart).to_have_attribute("aria-label", re.compile(re.escape(result.finding)))
        figure: Any = result.figure
        rows = columns_of(figure).rows
        expect(found.locator('[data-table="figure"] tbody tr')).to_have_count(len(rows))
        address = "" if benchmark == "tldr" else f"?benchmark={benchmark}"
        expect(page).to_have_url(re.compile(re.escape(f"/sections/results{address}") + "$"))
        server = page.evaluate(FILLED, page.request.get(f"/widgets/win_rates{address}").text())
        assert found.evaluate(FILLED) == server
        assert server["folds"] == [not table.folded for table in result.tables]
        assert server["source"] == [f"#ref-{result.source.reference}", result.source.short]
        expect(field(found, "source.where")).to_have_text(result.source.where)


def test_a_benchmark_without_temperatures_hides_their_chart_and_brings_it_back(page: Page) -> None:
    page.goto("/widgets/win_rates?benchmark=imdb")
    found = widget(page, "win_rates")
    expect(found.locator('[data-chart="over_temperature"]')).to_be_hidden()
    expect(found.locator('[data-chart="over_temperature"] .drawing')).to_have_count(0)
    expect(found.locator('[data-part="comparison"]')).to_be_hidden()
    choose(found, "hh")
    chart = expect_chart(found, "over_temperature")
    box = chart.locator("svg.main-svg").first.bounding_box()
    assert box is not None
    assert box["width"] > 300
    expect(field(found, "comparison.gap")).to_have_text("2.1 ± 4.3 points")


def test_on_a_phone_no_label_of_a_bar_runs_out_of_the_chart(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    for benchmark in ("tldr", "hh", "cnn_dailymail", "human"):
        page.goto(f"/widgets/win_rates?benchmark={benchmark}")
        found = widget(page, "win_rates")
        chart = expect_chart(found)
        frame = chart.bounding_box()
        assert frame is not None
        labels = chart.locator(".ytick text, .annotation-text")
        bars = chart.locator(".bars .point")
        expect(bars.first).to_be_attached()
        for label in labels.all():
            box = label.bounding_box()
            assert box is not None
            assert frame["x"] <= box["x"]
            assert box["x"] + box["width"] <= frame["x"] + frame["width"]
        # Values beside the bars do not overlap them.
        ends = [b["x"] + b["width"] for bar in bars.all() if (b := bar.bounding_box())]
        starts = [
            b["x"] for v in chart.locator(".annotation-text").all() if (b := v.bounding_box())
        ]
        assert max(ends) < min(starts)
