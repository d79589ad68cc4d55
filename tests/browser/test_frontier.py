from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.helpers import settled, widget


def test_keys_go_along_a_method_and_to_the_next_and_the_address_brings_the_point_back(
    page: Page,
) -> None:
    page.emulate_media(reduced_motion="reduce")
    page.goto("/widgets/frontier")
    found = widget(page, "frontier")
    who = found.locator("[data-who]")
    expect(who).to_have_text("DPO, β = 0.35 says")
    found.locator("[data-at-range]").focus()
    page.keyboard.press("ArrowRight")
    expect(who).to_have_text("DPO, β = 0.2 says")
    page.keyboard.press("ArrowUp")
    expect(who).to_contain_text("IPO")
    expect(found.locator("[data-speaker]")).to_have_class(re.compile("of-tmp"))
    page.keyboard.press("ArrowDown")
    expect(who).to_contain_text("DPO")
    page.keyboard.press("ArrowDown")
    expect(who).to_contain_text("PPO, true reward")
    said = who.text_content() or ""
    expect(page).to_have_url(re.compile("at=13$"))
    page.reload()
    expect(widget(page, "frontier").locator("[data-who]")).to_have_text(said)


def test_the_axis_zooms_out_for_the_fall_of_ppo_and_back(page: Page) -> None:
    page.goto("/widgets/frontier")
    found = widget(page, "frontier")
    lines = found.locator("svg.plot .tick", has_text="−4")
    expect(lines).to_have_count(0)
    found.locator("[data-step='2']").click()
    expect(found.locator("[data-readout]")).to_contain_text("Worse than doing nothing")
    expect(lines).to_have_count(1)
    found.locator("[data-at-range]").fill("20")
    expect(lines).to_have_count(0)
    settled(found)
    expect(found.locator("[data-readout]")).to_contain_text("best strength")


def test_a_run_of_ones_own_becomes_the_last_point_and_is_chosen(page: Page) -> None:
    page.goto("/widgets/frontier")
    found = widget(page, "frontier")
    found.locator("[data-settings] > summary").click()
    found.get_by_label("Add a point of your own").select_option("best_of_n")
    expect(found.locator('[name="strength"]')).to_have_value("16")
    expect(found.locator("[data-who]")).to_have_text("Your Best of N, N = 16 says")
    expect(found.locator("[data-readout]")).to_contain_text("below the best possible")
    expect(page).to_have_url(re.compile("method=best_of_n&strength=16"))
    found.locator('[name="strength"]').fill("64")
    found.locator('[name="strength"]').blur()
    expect(found.locator("[data-who]")).to_have_text("Your Best of N, N = 64 says")


def test_without_javascript_an_address_adds_a_run(plain_page: Page) -> None:
    plain_page.goto("/widgets/frontier?method=best_of_n&strength=4")
    expect(plain_page.locator("[data-readout]")).to_contain_text("Your Best of N")


def test_where_parameters_lead_to_no_step_the_script_stays_where_the_server_put_the_scrub(
    page: Page,
) -> None:
    address = "/widgets/frontier?prompt=poem"
    sent = page.request.get(address).text()
    page.goto(address)
    found = widget(page, "frontier")
    read = "place => place.querySelector('[data-readout]').textContent.trim()"
    assert found.evaluate(read) == page.evaluate(
        f"html => ({read})(new DOMParser().parseFromString(html, 'text/html'))", sent
    )
