from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.helpers import field, set_slider, widget


def test_the_sliders_move_the_numbers_the_address_and_the_links(page: Page) -> None:
    page.goto("/sections/reward-modeling")
    found = widget(page, "reward_separation")
    expect(field(found, "probability")).to_have_text("95.3%")
    set_slider(found, "reward_chosen", "1")
    expect(field(found, "probability")).to_have_text("73.1%")
    expect(field(found, "loss")).to_have_text("0.313")
    expect(page).to_have_url(re.compile(r"/sections/reward-modeling\?reward_chosen=1$"))
    link = found.locator('[data-link="api"]')
    expect(link).to_have_attribute("href", "/api/v1/reward_separation?reward_chosen=1")


def test_the_address_brings_the_state_back(page: Page) -> None:
    page.goto("/sections/reward-modeling?reward_chosen=-2&reward_rejected=2")
    found = widget(page, "reward_separation")
    expect(field(found, "margin")).to_have_text("−4.0")
    expect(found.locator('[data-range-for="reward_chosen"]')).to_have_value("-2")


def test_the_number_box_and_the_slider_follow_each_other(page: Page) -> None:
    page.goto("/widgets/reward_separation")
    found = widget(page, "reward_separation")
    found.locator('[name="reward_rejected"]').fill("2.5")
    expect(found.locator('[data-range-for="reward_rejected"]')).to_have_value("2.5")
    expect(field(found, "margin")).to_have_text("0.5")


def test_the_result_is_announced_once(page: Page) -> None:
    page.goto("/widgets/reward_separation")
    found = widget(page, "reward_separation")
    expect(found.locator("[data-live]")).to_have_text("")
    set_slider(found, "reward_chosen", "0")
    expect(found.locator("[data-live]")).to_contain_text("one chance in two")


def test_a_number_out_of_range_is_refused_in_place_and_the_last_result_stays(page: Page) -> None:
    page.goto("/widgets/reward_separation")
    found = widget(page, "reward_separation")
    found.locator('[name="reward_chosen"]').fill("99")
    expect(found.locator("[data-error]")).to_contain_text("from -10 to 10")
    expect(field(found, "margin")).to_have_text("3.0")
    found.locator('[name="reward_chosen"]').fill("2")
    expect(found.locator("[data-error]")).to_be_hidden()
    expect(field(found, "margin")).to_have_text("2.0")


def test_a_late_answer_never_replaces_a_newer_one(page: Page, faults: list[str]) -> None:
    # Without the slider's range, each result is requested.
    faults.append("Failed to load resource")
    page.route("**/range?*", lambda route: route.abort())
    page.goto("/widgets/reward_separation")
    found = widget(page, "reward_separation")
    held: list[object] = []

    def hold(route: object) -> None:
        held.append(route)

    page.route("**/api/v1/reward_separation?reward_chosen=5", hold)
    with page.expect_request("**/api/v1/reward_separation?reward_chosen=5"):
        set_slider(found, "reward_chosen", "5")
    set_slider(found, "reward_chosen", "-5")
    expect(field(found, "margin")).to_have_text("−5.0")
    for route in held:
        # The page has aborted the request: there is nobody to answer.
        route.abort()  # type: ignore[attr-defined]
    expect(field(found, "margin")).to_have_text("−5.0")
