from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.helpers import set_slider, settled, widget


@pytest.fixture
def found(page: Page) -> Locator:
    page.emulate_media(reduced_motion="reduce")
    page.goto("/widgets/dpo_loss")
    return widget(page, "dpo_loss")


def drag(page: Page, found: Locator, handle: int, dx: float, dy: float) -> None:
    settled(found)  # a drawing under way may have the handle elsewhere
    box = found.locator(f'svg.plot [data-h="{handle}"] .knob').bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + dx / 2, y + dy / 2)
    page.mouse.move(x + dx, y + dy)
    page.mouse.up()


def test_the_point_the_end_of_the_curve_and_the_bars_are_dragged(
    page: Page, found: Locator
) -> None:
    readout, form = found.locator("[data-readout]"), found.locator("form")
    drag(page, found, 3, -200, 0)
    expect(readout).to_contain_text("ranked the wrong way round")
    # As far as the axis goes, and no further.
    drag(page, found, 3, -2000, 0)
    expect(readout).to_contain_text("A gap of −10.0 nats")
    drag(page, found, 3, 2000, 0)
    expect(readout).to_contain_text("A gap of +10.0 nats")
    beta = form.locator("[name=beta]")
    drag(page, found, 0, 150, 0)
    assert 0.5 < float(beta.input_value()) < 10
    expect(found.locator("svg.plot")).to_contain_text(f"β = {beta.input_value()}")
    drag(page, found, 1, 0, 2000)
    expect(form.locator("[name=logratio_rejected]")).to_have_value("-10")
    drag(page, found, 2, 0, -2000)
    expect(form.locator("[name=logratio_chosen]")).to_have_value("10")


def test_a_loss_shows_its_settings_and_leaves_the_rest_out_of_the_address(
    page: Page, found: Locator
) -> None:
    found.locator("[data-settings] > summary").click()
    smoothing = found.locator('[name="label_smoothing"]')
    lengths = found.locator('[name="chosen_length"]')
    logps = found.locator('[name="reference_chosen_logp"]')
    loss = found.locator('[name="loss_type"]')
    title = found.locator("[data-title]")
    expect(smoothing).to_be_visible()
    expect(lengths).to_be_hidden()
    loss.select_option("orpo")
    expect(title).to_have_text("ORPO never looks at the reference")
    expect(lengths).to_be_visible()
    expect(logps).to_be_visible()
    expect(smoothing).to_be_hidden()
    loss.select_option("exo_pair")
    expect(title).to_contain_text("EXO")
    expect(smoothing).to_have_value("0.001")
    loss.select_option("hinge")
    expect(smoothing).to_have_value("0")
    expect(found.locator("[data-readout]")).to_contain_text("at rest")
    expect(page).to_have_url(re.compile(r"\?loss_type=hinge$"))
    expect(found.locator("[data-error]")).to_be_hidden()


def test_a_typed_value_between_the_positions_is_asked_for(page: Page, found: Locator) -> None:
    found.locator("[data-settings] > summary").click()
    with page.expect_request(re.compile(r"/dpo_loss/answer\?beta=0\.123")):
        found.locator("[name=beta]").fill("0.123")
    expect(found.locator("svg:visible").first).to_contain_text("β = 0.123")


def test_where_a_value_is_refused_the_server_says_why(page: Page, faults: list[str]) -> None:
    faults.append("422")
    page.goto("/widgets/dpo_loss?loss_type=orpo")
    found = widget(page, "dpo_loss")
    readout = found.locator("[data-readout]")
    before = readout.text_content() or ""
    set_slider(found, "logratio_chosen", "9")
    expect(found.locator("[data-error]")).to_contain_text("must be below 8 for orpo")
    expect(readout).to_have_text(before)
    set_slider(found, "logratio_chosen", "2")
    expect(found.locator("[data-error]")).to_be_hidden()


def test_the_lowest_point_of_ipo_is_moved_as_it_is_seen(page: Page, found: Locator) -> None:
    found.locator("[data-step='5']").click()
    expect(found.locator("[data-title]")).to_contain_text("IPO")
    beta = found.locator("[name=beta]")
    found.locator('[data-range-for="beta"]').focus()
    page.keyboard.press("ArrowRight")
    expect(beta).not_to_have_value("0.25")
    assert float(beta.input_value()) < 0.25
