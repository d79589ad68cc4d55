from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

from tests.browser.helpers import set_slider, settled, widget

DOTS = "svg.plot circle.f-opt"
PLACES = """dots => dots.map((dot) => ["cx", "cy"].map((at) => dot.getAttribute(at)).join())"""


def places(found: Locator, which: str = DOTS) -> list[str]:
    return list(found.locator(which).evaluate_all(PLACES))


def test_dots_walk_with_beta_and_with_the_reward_while_the_reference_keeps_to_the_reward(
    page: Page,
) -> None:
    page.goto("/sections/beta")
    found = widget(page, "beta_effect")
    reference = "svg.plot circle.s-ref"
    before, stay = places(found), places(found, reference)
    assert len(before) == len(stay) == 100
    set_slider(found, "beta", "0")
    settled(found)
    expect(found.locator("[data-readout]")).to_contain_text("β = 0.01")
    expect(page).to_have_url(re.compile(r"beta=0\.01"))
    assert places(found) != before
    assert places(found, reference) == stay
    expect(found.locator("[data-who]")).to_contain_text(re.compile(r"9\d%"))
    found.locator("[data-step='4']").click()
    expect(found.locator("[data-readout]")).to_contain_text("delighted")
    settled(found)
    assert places(found, reference) != stay
    expect(found.locator("[data-said] .flat")).to_have_count(5)


def test_an_arrow_key_moves_the_knob_as_it_points(page: Page) -> None:
    page.goto("/widgets/beta_effect")
    found = widget(page, "beta_effect")
    knob = found.locator("svg.plot .handle")
    found.locator("[data-range-for=beta]").focus()
    for key, way in (("ArrowRight", 1), ("ArrowLeft", -1)):
        before = knob.bounding_box()
        said = found.locator("[data-readout]").text_content()
        page.keyboard.press(key)
        expect(found.locator("[data-readout]")).not_to_have_text(said or "")
        after = knob.bounding_box()
        assert before
        assert after
        assert way * (after["x"] - before["x"]) > 0


def test_the_address_brings_the_state_back_and_settings_name_it(page: Page) -> None:
    page.goto("/widgets/beta_effect?prompt=poem&beta=0.2&reward=learned")
    found = widget(page, "beta_effect")
    expect(found.locator("[data-readout]")).to_contain_text("β = 0.2")
    settings = found.locator("[data-settings] > summary")
    expect(settings).to_contain_text("poem prompt, rewarded by the additive reward model")
    settings.click()
    found.get_by_role("radio", name="true quality").check()
    expect(settings).to_contain_text("rewarded by true quality")


def test_dots_glide_unless_the_reader_prefers_less_motion_or_prints(page: Page) -> None:
    duration = "dot => getComputedStyle(dot).transitionDuration"
    page.goto("/widgets/beta_effect")
    dot = widget(page, "beta_effect").locator(DOTS).first
    assert "0.25s" in dot.evaluate(duration)
    page.emulate_media(media="print")
    assert dot.evaluate(duration) == "0s"
    page.emulate_media(media="screen", reduced_motion="reduce")
    assert dot.evaluate(duration) == "0s"


def test_without_javascript_the_server_draws_every_dot(plain_page: Page) -> None:
    plain_page.goto("/widgets/beta_effect?beta=0.2&reward=learned")
    drawing = plain_page.locator("svg.at-width:visible")
    expect(drawing.locator("circle.f-opt:not(.point)")).to_have_count(100)
    expect(plain_page.locator("[data-readout]")).to_contain_text("β = 0.2")
