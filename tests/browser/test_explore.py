"""The chart to explore and the table of its data, in the Details of a figure."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page, Route, expect

from app.charts.table import columns_of
from app.widgets import preference_pairs
from app.widgets.reward_separation import Params, compute
from tests.browser.accessibility import PHONE, SCHEMES, WIDE, axe_finds
from tests.browser.helpers import widget

# The texts of a table, row by row.
TEXTS = "table => [...table.rows].map((row) => [...row.cells].map((cell) => cell.textContent))"


NAME = "Probability and loss over the margin"


def visited(page: Page) -> tuple[Locator, Locator]:
    """A figure and its Details."""
    page.goto("/widgets/reward_separation")
    found = widget(page, "reward_separation")
    return found, found.locator("[data-details]")


def opened(page: Page) -> tuple[Locator, Locator]:
    found, details = visited(page)
    details.locator("summary").click()
    return found, details


def expect_drawn(details: Locator) -> Locator:
    expect(details.get_by_role("button", name="Save as PNG")).to_be_visible()
    drawing = details.locator(".explore-chart")
    expect(drawing.locator(".main-svg").first).to_be_visible()
    return drawing


def set_chosen(found: Locator, *values: float) -> None:
    """Set the reward of the chosen response, to one value after the other without a pause."""
    found.evaluate(
        """(widget, values) => {
            for (const value of values) {
                widget.setParam("reward_chosen", value);
                widget.form.elements.reward_chosen.dispatchEvent(new Event("input", { bubbles: true }));
            }
        }""",
        list(values),
    )


def expect_figure_of(details: Locator, chosen: float) -> None:
    """Chart and table are those of a state."""
    figure: Any = compute(Params(reward_chosen=chosen)).figure
    wanted = [trace["y"][0] for trace in figure["data"]]
    details.page.wait_for_function(
        "([chart, wanted]) => String(chart.data.map(({ y }) => y[0])) === String(wanted)",
        arg=[details.locator(".explore-chart").element_handle(), wanted],
    )
    table = columns_of(figure)
    assert details.locator("table").evaluate(TEXTS) == [table.heads, *table.rows]


def test_what_details_hold_follows_the_state_and_comes_only_when_asked_for(page: Page) -> None:
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    found, details = visited(page)
    set_chosen(found, 3)
    expect(found.locator("[data-live]")).to_contain_text("3.0")
    assert not [address for address in requests if "plotly" in address or "explore" in address]

    with page.expect_request("**/explore.js"):
        details.locator("summary").click()
    here = details.locator("tbody tr", has=page.locator("td:last-child:not(:empty)"))
    expect(here.locator("th")).to_have_text("3")
    assert not [address for address in requests if "plotly" in address]

    button = details.locator("[data-explore-open]")
    expect(button).to_have_text("Explore this chart")
    button.focus()
    page.keyboard.press("Enter")
    drawing = expect_drawn(details)
    expect(drawing).to_have_role("group")
    expect(drawing).to_have_accessible_name(f"{NAME}. {compute(Params(reward_chosen=3)).finding}")
    expect(drawing.locator(".legendtext")).to_have_text(["probability", "loss"])
    expect_figure_of(details, 3)

    # Of quick changes, only the last one is drawn.
    drawing.evaluate(
        "chart => { chart.redraws = 0; chart.on('plotly_afterplot', () => { chart.redraws += 1; }); }"
    )
    set_chosen(found, -1, 0, 1, 2)
    expect_figure_of(details, 2)
    assert drawing.evaluate("chart => chart.redraws") == 1

    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme)
        page.wait_for_function(
            """([chart, dark]) => {
                const ink = chart.querySelector(".legendtext").style.fill.match(/\\d+/g).map(Number);
                return (Math.min(...ink) > 128) === dark;
            }""",
            arg=[drawing.element_handle(), scheme == "dark"],
        )
        assert axe_finds(page) == []

    expect(button).to_have_text("Close this chart")
    expect(button).to_have_attribute("aria-expanded", "true")
    button.click()
    expect(drawing).to_have_count(0)
    expect(button).to_have_attribute("aria-expanded", "false")


def test_a_chart_that_is_hidden_in_some_states_is_drawn_for_that_in_which_it_is_shown(
    page: Page,
) -> None:
    page.clock.install()
    page.goto("/widgets/preference_pairs?preference_pairs.guess=a")
    found = widget(page, "preference_pairs")
    details = found.locator("[data-details]")
    details.locator("summary").first.click()
    details.locator("[data-explore-open]").click()
    drawing = expect_drawn(details)
    found.get_by_role("link", name="Next pair", exact=True).click()
    expect(drawing).to_be_hidden()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.clock.run_for(2_000)  # what follows the state waits for a rest
    page.evaluate("fetch(location.href)")  # so that earlier requests are known
    assert not [address for address in asked if "/api/" in address]
    found.get_by_role("button", name="B", exact=True).click()
    figure: Any = preference_pairs.compute(preference_pairs.Params(pair=2)).figure
    page.wait_for_function(
        "([chart, wanted]) => String(chart.data.map(({ x }) => x[0])) === wanted",
        arg=[drawing.element_handle(), ",".join(str(trace["x"][0]) for trace in figure["data"])],
    )
    expect(details.get_by_role("status")).to_contain_text("Point or tap for numbers")


def test_pictures_are_saved_under_the_name_of_their_state(page: Page, tmp_path: Path) -> None:
    found, details = opened(page)
    set_chosen(found, 2.5)
    details.locator("[data-explore-open]").click()
    expect_drawn(details)
    for kind, begins in (("png", b"\x89PNG"), ("svg", b"<svg")):
        with page.expect_download() as download:
            details.get_by_role("button", name=f"Save as {kind.upper()}").click()
        name = f"reward_separation-reward_chosen-2.5.{kind}"
        assert download.value.suggested_filename == name
        download.value.save_as(tmp_path / name)
        assert (tmp_path / name).read_bytes().startswith(begins)
        expect(details.get_by_role("status")).to_have_text(f"Saved as {name}.")


def test_a_slow_or_broken_connection_is_told_of_and_may_be_tried_again(
    page: Page, faults: list[str]
) -> None:
    faults.append("Failed to load resource")
    held: list[Route] = []
    page.route("**/vendor/plotly-basic.min.js", lambda route: held.append(route))
    _, details = opened(page)
    with page.expect_request("**/vendor/plotly-basic.min.js"):
        details.locator("[data-explore-open]").click()
    status = details.get_by_role("status")
    expect(status).to_contain_text("Loading the chart")
    expect(status).to_contain_text("365 KB")
    held.pop().abort()
    expect(status).to_contain_text("The chart could not be drawn. The connection failed.")
    page.unroute("**/vendor/plotly-basic.min.js")
    details.get_by_role("button", name="Try again").click()
    expect_drawn(details)


def test_a_table_shows_twelve_rows_and_a_shadow_where_it_goes_on(page: Page) -> None:
    _, details = opened(page)
    region = details.get_by_role("region", name=f"Data: {NAME}")
    for size in (WIDE, PHONE):
        page.set_viewport_size(size)
        rows = region.evaluate(
            """region => [...region.querySelectorAll("tbody tr")].filter(
                (row) => row.getBoundingClientRect().bottom <= region.getBoundingClientRect().bottom,
            ).length"""
        )
        assert rows >= 12
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    page.emulate_media(forced_colors="active")
    shadows = region.evaluate("region => getComputedStyle(region).backgroundImage")
    assert shadows.count("linear-gradient") == 8
    region.focus()
    page.keyboard.press("End")
    page.wait_for_function("region => region.scrollTop > 0", arg=region.element_handle())
