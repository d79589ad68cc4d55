from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

from tests.browser.helpers import widget


def stop(found: Locator, number: int) -> Locator:
    return found.locator(f'[name="step"][value="{number}"]')


def test_the_stops_lead_through_six_equations_and_the_keys_end_at_the_last(page: Page) -> None:
    page.goto("/sections/dpo-insight")
    found = widget(page, "dpo_derivation")
    equation = found.locator("[data-equations] [data-equation]:visible")
    stop(found, 1).focus()
    for step in range(1, 7):
        expect(equation).to_have_attribute("data-equation", str(step))
        expect(found.locator("[data-readout]")).to_contain_text("differ by at most")
        expect(found.locator("svg.plot .miss")).to_have_count(0)
        page.keyboard.press("ArrowRight")
    expect(stop(found, 6)).to_be_checked()
    expect(page).to_have_url(re.compile(r"\?step=6$"))
    stop(found, 1).check()
    expect(equation).to_have_attribute("data-equation", "1")
    page.keyboard.press("ArrowLeft")
    expect(stop(found, 1)).to_be_checked()


def test_without_z_the_third_step_misses_in_red_and_the_fifth_does_not_notice(page: Page) -> None:
    page.goto("/widgets/dpo_derivation?step=3")
    found = widget(page, "dpo_derivation")
    toggle = found.get_by_role("button", name="Drop Z(x)")
    expect(toggle).to_have_attribute("aria-pressed", "false")
    toggle.click()
    expect(found.locator("[data-title]")).to_contain_text("the two sides part")
    expect(found.locator("[data-readout]")).to_contain_text("too low by β log Z(x)")
    miss = found.locator("svg.plot .miss")
    red = miss.evaluate("line => getComputedStyle(line).stroke")
    assert red == found.locator("[data-readout] .c-rej").evaluate("b => getComputedStyle(b).color")
    expect(page).to_have_url(re.compile("mistake=no_partition"))

    stop(found, 5).check()
    expect(found.locator("[data-title]")).to_contain_text("does not notice")
    expect(miss).to_have_count(0)
    # The address follows a moment later.
    expect(page).to_have_url(re.compile("step=5"))
    page.reload()
    found = widget(page, "dpo_derivation")
    toggle = found.get_by_role("button", name="Drop Z(x)")
    expect(toggle).to_have_attribute("aria-pressed", "true")
    toggle.click()
    expect(found.locator("[data-title]")).to_contain_text("cancels")
    expect(page).to_have_url(re.compile(r"\?step=5$"))


def test_a_part_of_the_equation_lights_its_arrow_and_beta_bends_them(page: Page) -> None:
    page.goto("/widgets/dpo_derivation?step=3")
    found = widget(page, "dpo_derivation")
    found.locator('[data-equation="3"] [data-part="partition"]').first.hover()
    expect(found.locator("svg.plot .of-chosen.unlit").first).to_be_attached()
    expect(found.locator("svg.plot .of-partition.unlit")).to_have_count(0)
    name = found.locator("svg.plot text.of-partition")
    before = name.text_content() or ""
    found.locator("[data-settings] > summary").click()
    found.locator('[name="beta"]').fill("0.1")
    expect(name).not_to_have_text(before)


def test_without_javascript_the_stops_are_sent_and_z_is_dropped_by_a_link(plain_page: Page) -> None:
    plain_page.goto("/sections/dpo-insight?beta=2")
    found = plain_page.locator('dpo-widget[name="dpo_derivation"]')
    stop(found, 3).check()
    found.get_by_role("button", name="Update").click()
    expect(found.locator('[data-equations] [data-equation="3"]')).to_be_visible()
    assert "beta=2" in plain_page.url
    found.get_by_role("link", name="Drop Z(x)").click()
    expect(found.locator("[data-readout]")).to_contain_text("too low by β log Z(x)")
    assert "beta=2" in plain_page.url


def test_without_script_dropping_z_is_a_whole_button_on_a_phone(plain_page: Page) -> None:
    plain_page.set_viewport_size({"width": 390, "height": 844})
    plain_page.goto("/widgets/dpo_derivation")
    drop = plain_page.get_by_role("link", name="Drop Z(x)")
    box = drop.bounding_box()
    assert box is not None
    assert box["width"] >= drop.evaluate("(link) => link.scrollWidth") > 90
    drop.click()
    expect(plain_page.get_by_role("link", name="Keep Z(x)")).to_be_visible()
