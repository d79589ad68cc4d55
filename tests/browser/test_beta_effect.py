from __future__ import annotations

import json
import re
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Locator, Page, expect

from tests.browser.helpers import expect_chart, field, record_texts, set_slider, widget


def test_turning_beta_down_moves_probability(page: Page) -> None:
    page.goto("/sections/beta")
    found = widget(page, "beta_effect")
    expect_chart(found, "tradeoff")
    set_slider(found, "beta", "60")
    expect(field(found, "kl")).to_have_text("0.01")
    set_slider(found, "beta", "0")
    expect(field(found, "effective_responses")).to_have_text("1")
    expect(field(found, "responses.0.optimal_probability")).to_have_text(re.compile(r"^9\d"))
    expect(page).to_have_url(re.compile(r"beta=0\.01"))


def test_the_learned_reward_brings_the_flattery_up(page: Page) -> None:
    page.goto("/sections/beta?beta=0.1")
    found = widget(page, "beta_effect")
    first = found.locator('[data-phrases="responses.0.phrases"]')
    before = first.text_content()
    found.get_by_label("learned by the reward model").check()
    expect(field(found, "true_quality")).to_have_text(re.compile("^−"))
    assert first.text_content() != before
    expect(found.locator(".finding")).to_contain_text("below the reference")


def test_chips_are_coloured_by_the_sign_of_their_number(page: Page) -> None:
    page.goto("/widgets/beta_effect?beta=0.2")
    found = widget(page, "beta_effect")
    found.get_by_label("Prompt").select_option("poem")
    expect(found.locator("[data-live]")).to_contain_text("β = 0.2")
    for chip in found.locator(".phrase").all():
        lost = "−" in (chip.locator(".phrase-ratio").text_content() or "")
        expect(chip).to_have_class(re.compile("lost" if lost else "gained"))


# ---- dots --------------------------------------------------------------------------------------

PLACES = (
    """dots => dots.map((dot) => [dot.getAttribute("cx"), dot.getAttribute("cy")].map(Number))"""
)


def places(found: Locator, which: str) -> list[list[int]]:
    return list(found.locator(f".dots .{which}").evaluate_all(PLACES))


def given(found: Locator, column: str, row: str) -> list[list[int]]:
    """The cells of the widget's result."""
    cells = found.evaluate(
        "(widget, [column, row]) => widget.result.dots.map((dot) => [dot[column], dot[row]])",
        [column, row],
    )
    return list(cells)


def start_sweep(page: Page, path: str = "/widgets/beta_effect") -> Locator:
    page.goto(path)
    found = widget(page, "beta_effect")
    found.locator("[data-sweep]").click()
    return found


def test_without_javascript_the_dots_stand_where_the_result_says(plain_page: Page) -> None:
    plain_page.goto("/widgets/beta_effect?beta=0.2&reward=learned")
    found = plain_page.locator('dpo-widget[name="beta_effect"]')
    assert len(places(found, "optimum")) == len(places(found, "reference")) == 100
    data = json.loads(found.locator("script[data-result]").text_content() or "")
    assert places(found, "optimum") == [[d["column"], d["row"]] for d in data["dots"]]
    box = found.locator(".dots").bounding_box()
    assert box is not None
    for dot in found.locator(".dots circle").all()[::20]:
        inside = dot.bounding_box()
        assert inside is not None
        assert box["x"] <= inside["x"] <= box["x"] + box["width"]
        assert box["y"] <= inside["y"] <= box["y"] + box["height"]
    expect(found.locator(".dots")).to_have_attribute("aria-label", re.compile(r"\d% of the prob"))
    expect(found.locator("[data-sweep]")).to_be_hidden()


def test_dots_move_with_beta_and_the_reference_with_the_reward_only(page: Page) -> None:
    page.goto("/widgets/beta_effect?beta=10")
    found = widget(page, "beta_effect")
    optimum, reference = places(found, "optimum"), places(found, "reference")
    said = found.locator(".dots").get_attribute("aria-label")
    set_slider(found, "beta", "20")
    expect(found.locator(".dots")).not_to_have_attribute("aria-label", said or "")
    assert places(found, "optimum") == given(found, "column", "row") != optimum
    assert places(found, "reference") == reference
    found.get_by_label("learned by the reward model").check()
    expect(found.locator(".dot-title")).to_have_text("learned reward of a response")
    assert places(found, "reference") == given(found, "reference_column", "reference_row")
    assert places(found, "reference") != reference
    ticks = found.evaluate("widget => widget.result.dots_axis.ticks.map((tick) => tick.text)")
    assert found.locator("[data-ticks] text").all_text_contents() == ticks


def test_the_numbers_of_the_axis_keep_their_size_on_a_phone(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/sections/beta")
    found = widget(page, "beta_effect")
    for tick in found.locator("[data-ticks] text").all():
        box = tick.bounding_box()
        assert box is not None
        assert box["height"] >= 12


def test_a_sweep_asks_for_each_beta_and_says_only_its_end(page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto("/widgets/beta_effect?beta=0.3")
    found = widget(page, "beta_effect")
    heard = record_texts(found, "[data-live]")
    button = found.locator("[data-sweep]")
    button.click()
    expect(button).to_have_text("Stop")
    expect(button).to_have_text("Let β fall from 10")
    expect(found.locator("[name=beta]")).to_have_value("0.02")
    expect(found.locator("[data-live]")).to_contain_text("β = 0.02")
    assert len(heard.json_value()) == 1
    betas = [
        float(value)
        for url in asked
        if "/api/v1/beta_effect" in url
        for value in parse_qs(urlsplit(url).query).get("beta", ["0.5"])
    ]
    assert betas == sorted(betas, reverse=True)
    assert (betas[0], betas[-1], len(betas)) == (10, 0.02, 25)
    assert places(found, "optimum") == given(found, "column", "row")


def test_a_sweep_stops_when_told_so(page: Page) -> None:
    found = start_sweep(page)
    button = found.locator("[data-sweep]")
    expect(field(found, "finding")).not_to_contain_text("β = 0.5 ")
    button.click()
    expect(button).to_have_text("Let β fall from 10")
    expect(found.locator("[data-live]")).to_contain_text("At β")
    # Whatever was on its way has arrived: it stays where it stopped.
    here = found.locator("[name=beta]").input_value()
    assert float(here) > 0.02
    expect(field(found, "finding")).to_contain_text(f"β = {here} ")


def test_a_sweep_gives_way_to_a_control_and_to_a_suggestion(page: Page) -> None:
    found = start_sweep(page)
    button = found.locator("[data-sweep]")
    expect(button).to_have_text("Stop")
    set_slider(found, "beta", "0")
    expect(button).to_have_text("Let β fall from 10")
    expect(field(found, "finding")).to_contain_text("β = 0.01 ")
    button.click()
    expect(button).to_have_text("Stop")
    found.get_by_text("Hold it close").click()
    expect(button).to_have_text("Let β fall from 10")
    expect(field(found, "finding")).to_contain_text("β = 5 ")
    expect(found.locator("[name=beta]")).to_have_value("5")


def test_a_sweep_ends_where_the_server_fails(page: Page, faults: list[str]) -> None:
    faults.append("Failed to load resource")
    page.route("**/api/v1/beta_effect*", lambda route: route.abort())
    found = start_sweep(page)
    expect(found.locator("[data-error]")).to_contain_text("did not answer")
    expect(found.locator("[data-sweep]")).to_have_text("Let β fall from 10")


def test_dots_are_tweened_unless_the_reader_prefers_less_motion(page: Page) -> None:
    duration = "dot => getComputedStyle(dot).transitionDuration"
    page.goto("/widgets/beta_effect")
    dot = widget(page, "beta_effect").locator(".dots .optimum").first
    assert "0.35s" in dot.evaluate(duration)
    page.emulate_media(media="print")
    assert dot.evaluate(duration) == "0s"
    page.emulate_media(media="screen", reduced_motion="reduce")
    assert dot.evaluate(duration) == "0s"
    found = start_sweep(page)
    expect(found.locator("[name=beta]")).to_have_value("0.02")
    assert (
        found.locator(".dots").evaluate("dots => dots.getAnimations({subtree: true}).length") == 0
    )
