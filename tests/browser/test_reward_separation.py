from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.helpers import set_slider, widget


def test_a_handle_moves_the_words_the_address_and_the_links(page: Page) -> None:
    page.goto("/sections/reward-modeling")
    found = widget(page, "reward_separation")
    readout = found.locator("[data-readout]")
    expect(readout).to_contain_text("95.3%")
    set_slider(found, "reward_chosen", "1")
    expect(readout).to_contain_text("73.1%")
    expect(readout).to_contain_text("a loss of 0.31 nats")
    expect(page).to_have_url(re.compile(r"/sections/reward-modeling\?reward_chosen=1$"))
    link = found.locator('[data-link="api"]')
    expect(link).to_have_attribute("href", "/api/v1/reward_separation?reward_chosen=1")
    # Only when it rests is it said.
    expect(found.locator("[data-live]")).to_contain_text("73.1%")


def test_a_step_is_left_by_a_drag_and_pressed_again_to_return(page: Page) -> None:
    page.goto("/widgets/reward_separation?step=3")
    found = widget(page, "reward_separation")
    step = found.locator("[data-step='3']")
    readout = found.locator("[data-readout]")
    expect(step).to_have_attribute("aria-current", "step")
    expect(readout).to_contain_text("only guessing")
    set_slider(found, "reward_rejected", "-2")
    expect(step).to_have_class("left")
    step.click()
    expect(step).not_to_have_class("left")
    expect(readout).to_contain_text("only guessing")
    expect(found.locator("[name=reward_rejected]")).to_have_value("1")


def test_the_bar_between_the_rewards_moves_both_and_nothing_else(page: Page) -> None:
    page.goto("/widgets/reward_separation")
    found = widget(page, "reward_separation")
    said = found.locator("[data-readout]").text_content()
    bar = found.locator("svg.plot [data-h='0'] .knob").bounding_box()
    assert bar is not None
    x, y = bar["x"] + bar["width"] / 2, bar["y"] + bar["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 60, y)
    page.mouse.up()
    chosen, rejected = (found.locator(f"[name=reward_{which}]") for which in ("chosen", "rejected"))
    expect(chosen).not_to_have_value("3")
    moved = float(chosen.input_value()) - 3
    assert float(rejected.input_value()) == round(moved, 9)
    expect(found.locator("[data-readout]")).to_have_text(said or "")
    page.keyboard.press("Shift+ArrowRight")
    expect(rejected).to_have_value(f"{moved + 0.1:g}")


def test_a_number_out_of_range_is_refused_in_place_and_the_last_result_stays(page: Page) -> None:
    page.goto("/widgets/reward_separation")
    found = widget(page, "reward_separation")
    found.locator("[data-settings] summary").click()
    box = found.locator('[name="reward_chosen"]')
    box.fill("99")
    expect(found.locator("[data-error]")).to_contain_text("from -10 to 10")
    expect(found.locator("[data-readout]")).to_contain_text("A gap of +3.0")
    box.fill("2")
    expect(found.locator("[data-error]")).to_be_hidden()
    expect(found.locator("[data-readout]")).to_contain_text("A gap of +2.0")
    expect(found.locator('[data-range-for="reward_chosen"]')).to_have_value("2")
