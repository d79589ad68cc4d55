from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Page, expect

from app.charts.table import columns_of
from app.widgets.win_rates.widget import LABELS, Params, compute
from tests.browser.helpers import field, settled, widget

# The texts that the script refills, of a page in the browser or of its markup.
FILLED = """(place) => {
    const page = typeof place === "string" ? new DOMParser().parseFromString(place, "text/html") : place;
    const all = (selector) => [...page.querySelectorAll(selector)];
    const text = (element) => element.textContent.replace(/\\s+/g, " ").trim();
    const source = page.querySelector("[data-source]");
    return {
        title: text(page.querySelector("[data-title]")),
        step: text(page.querySelector("[data-say]")),
        readout: text(page.querySelector("[data-readout]")),
        cells: all("[data-tables] :is(th, td)").map((cell) => cell.outerHTML),
        captions: all("[data-tables] caption").map(text),
        notes: all("[data-notes] li").map(text),
        hidden: all("[data-part]").map((part) => part.hidden),
        parts: all("[data-part]:not([hidden]) p").map(text),
        source: [source.hash, text(source)],
    };
}"""


def test_each_benchmark_shows_what_the_server_would_and_is_its_step(page: Page) -> None:
    page.emulate_media(reduced_motion="reduce")
    page.goto("/sections/results")
    found = widget(page, "win_rates")
    found.locator("[data-settings] > summary").click()
    found.locator("[data-details] > summary").click()
    for number, benchmark in enumerate(["hh", "hh_training", "imdb", "cnn_dailymail", "tldr"]):
        if number % 2:
            found.locator(f"[data-step][data-query='benchmark={benchmark}']").click()
        else:
            found.get_by_label("Benchmark", exact=True).select_option(LABELS[benchmark])
        settled(found)
        expect(found.locator("[data-error]")).to_be_hidden()
        address = "" if benchmark == "tldr" else f"?benchmark={benchmark}"
        expect(page).to_have_url(re.compile(re.escape(f"/sections/results{address}") + "$"))
        server = page.evaluate(FILLED, page.request.get(f"/widgets/win_rates{address}").text())
        assert found.evaluate(FILLED) == server
        expect(found.locator("[data-settings] > summary")).to_contain_text(LABELS[benchmark])
        result = compute(Params(benchmark=benchmark))
        figure: Any = result.figure
        rows = len(columns_of(figure).rows)
        expect(found.locator('[data-table="figure"] tbody tr')).to_have_count(rows)
        expect(field(found, "source.where")).to_have_text(result.source.where)
        expect(found.locator("[aria-current=step].left")).to_have_count(0)


def test_a_drag_along_the_temperature_reads_its_column_and_the_address_brings_it_back(
    page: Page,
) -> None:
    page.emulate_media(reduced_motion="reduce")
    page.goto("/widgets/win_rates?at=0")
    found = widget(page, "win_rates")
    readout = found.locator("[data-readout]")
    expect(readout).to_contain_text("so the gap could be chance")
    x, y = found.evaluate(
        """({ figure }) => {
            const { left, top } = figure.svg.getBoundingClientRect();
            const [x, y] = figure.drawing().px(figure.scene.handles[0].track[4]);
            return [x + left, y + top];
        }"""
    )
    page.mouse.move(x - 300, y - 150)
    page.mouse.down()
    page.mouse.move(x, y - 150)
    page.mouse.up()
    expect(readout).to_contain_text("so the gap is more than chance")
    range_ = found.locator("[data-at-range]")
    expect(range_).to_have_attribute("aria-valuetext", "temperature 1")
    expect(page).to_have_url(re.compile(r"\?win_rates.at=4$"))
    page.reload()
    found = widget(page, "win_rates")
    expect(found.locator("[data-readout]")).to_contain_text("38.7%")
    expect(found.locator("[data-at-range]")).to_have_attribute("aria-valuetext", "temperature 1")
    found.locator("[data-step='2']").click()
    expect(found.locator("[data-title]")).to_contain_text("who judges")
    found.locator("[data-at-range]").press("ArrowRight")
    expect(found.locator("[data-readout]")).to_contain_text("GPT-4 with the simple prompt")
    # Judges have no order: dots join them.
    expect(found.locator("svg.plot path.dashed")).to_have_count(3)


def test_without_script_another_benchmark_has_the_sentence_of_its_step(plain_page: Page) -> None:
    plain_page.goto("/widgets/win_rates?benchmark=hh")
    plain_page.locator("[data-settings] > summary").click()
    plain_page.get_by_label("Benchmark", exact=True).select_option(LABELS["imdb"])
    plain_page.get_by_role("button", name="Update").click()
    expect(plain_page.locator("[data-say]")).to_contain_text("Spend more KL")
    expect(plain_page.locator("[aria-current=step]")).to_have_text("6")
