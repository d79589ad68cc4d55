from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.helpers import field, record_texts, widget

PATIENCE = 240_000


@pytest.fixture(autouse=True)
def _still(page: Page) -> None:
    """A run that is to be played is shown at its end at once."""
    page.emulate_media(reduced_motion="reduce")


def test_the_divider_is_dragged_through_the_run_and_the_address_brings_it_back(page: Page) -> None:
    page.goto("/widgets/pipeline_comparison")
    found = widget(page, "pipeline_comparison")
    readout = found.locator("[data-readout]")
    expect(readout).to_contain_text("holds four networks")
    expect(readout).to_contain_text("DPO is done")
    x, y, to = found.evaluate(
        """({ figure }) => {
            const { left, top } = figure.svg.getBoundingClientRect();
            const drawing = figure.drawing();
            const [handle] = figure.scene.handles;
            const [x, y] = drawing.knob(handle);
            return [x + left, y + top, drawing.px(handle.track[6])[0] + left];
        }"""
    )
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move((x + to) / 2, y)
    page.mouse.move(to, y)
    page.mouse.up()
    expect(readout).to_contain_text("DPO holds two and stands at")
    expect(found.locator("svg.plot text", has_text="done")).to_have_count(0)
    expect(found.locator("[data-at-range]")).to_have_attribute(
        "aria-valuetext", re.compile("seconds$")
    )
    expect(page).to_have_url(re.compile(r"pipeline_comparison\.at=6$"))
    said = readout.text_content()
    page.reload()
    found = widget(page, "pipeline_comparison")
    expect(found.locator("[data-readout]")).to_have_text(said or "")
    found.locator("[data-step='3']").click()
    expect(found.locator("[data-readout]")).to_contain_text("19,200 answers")


def test_the_same_run_has_the_same_seconds_whatever_the_view(page: Page) -> None:
    told = []
    for view in ("", "&view=0", "&view=100"):
        page.goto(f"/widgets/pipeline_comparison?pipeline_comparison.at=60{view}")
        found = widget(page, "pipeline_comparison")
        seconds = [field(found, f"{side}.seconds").text_content() for side in ("rlhf", "dpo")]
        told.append([*seconds, found.locator("[data-readout]").text_content()])
        assert ("view=" in page.url) == bool(view)
    assert told[0] == told[1] == told[2]


def test_a_new_seed_trains_both_again_and_says_whose_run_is_shown_meanwhile(page: Page) -> None:
    page.goto("/widgets/pipeline_comparison")
    found = widget(page, "pipeline_comparison")
    told = record_texts(found, "[data-training-says]")
    found.locator("[data-settings] > summary").click()
    found.get_by_role("button", name="Train both with a new seed").click()
    core = found.locator("[data-core]")
    expect(core).to_have_attribute("aria-busy", "false", timeout=PATIENCE)
    expect(core).not_to_have_attribute("data-stale", "")
    assert any("Shown: seed 0. Training with seed" in text for text in told.json_value())
    seed = found.locator('[name="seed"]').input_value()
    wanted = page.request.get(f"/api/v1/pipeline_comparison?seed={seed}").json()
    assert found.evaluate("widget => widget.result.dpo") == wanted["dpo"]
    assert f"seed={seed}" in page.url
    expect(found.locator("[data-settings] > summary")).to_contain_text(f"seed {seed}")
