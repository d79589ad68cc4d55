from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.helpers import widget


def test_steps_the_choice_and_the_keys_go_from_loss_to_loss(page: Page) -> None:
    page.emulate_media(reduced_motion="reduce")
    page.goto("/widgets/loss_family")
    found = widget(page, "loss_family")
    title, readout = found.locator("[data-title]"), found.locator("[data-readout]")
    expect(title).to_contain_text("IPO stops")
    expect(readout).to_contain_text("a gap of 1.00 nats")
    found.locator("[data-step='1']").click()
    expect(title).to_contain_text("DPO runs on")
    found.get_by_label("Loss", exact=True).select_option("hinge")
    expect(title).to_contain_text("hinge stops")
    expect(page).to_have_url(re.compile("loss_type=hinge"))
    found.locator("[data-at-range]").focus()
    page.keyboard.press("ArrowDown")
    expect(title).to_contain_text("IPO stops")
    page.keyboard.press("ArrowUp")
    expect(title).to_contain_text("hinge stops")
    page.keyboard.press("ArrowLeft")
    expect(readout).to_contain_text("After 590 steps")


# How much wider a select is than its longest option: room for its edges and its arrow.
ROOM = """(select) => {
    const pen = document.createElement("canvas").getContext("2d");
    const { font, paddingLeft } = getComputedStyle(select);
    pen.font = font;
    const longest = Math.max(...[...select.options].map(({ text }) => pen.measureText(text).width));
    return select.offsetWidth - longest - parseFloat(paddingLeft);
}"""


def test_the_choice_shows_the_whole_name_of_each_loss(page: Page) -> None:
    for width in (1366, 390, 320):
        page.set_viewport_size({"width": width, "height": 800})
        page.goto("/widgets/loss_family")
        choice = widget(page, "loss_family").get_by_label("Loss", exact=True)
        assert choice.evaluate(ROOM) >= 24
