"""Everything by keyboard alone, and what sliders and results say to screen readers."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from playwright.sync_api import Locator, Page, expect

from app.widgets.registry import WIDGETS
from tests.browser.accessibility import PATIENCE, axe_finds, open_details, visit
from tests.browser.helpers import record_texts, widget
from tests.browser.keys import FOCUSED, NUMBER_STOPS, tab_to


@pytest.fixture(autouse=True)
def _still(page: Page) -> None:
    """Scrolling to the focused element takes no time."""
    page.set_default_timeout(PATIENCE)
    page.emulate_media(reduced_motion="reduce")


def test_shift_tab_leads_back(page: Page) -> None:
    visit(page, "/widgets/dpo_loss")
    stops = page.evaluate(NUMBER_STOPS)
    for _ in range(stops):
        page.keyboard.press("Tab")
    backwards = []
    for _ in range(stops - 1):
        page.keyboard.press("Shift+Tab")
        backwards.append(page.evaluate(FOCUSED)["stop"])
    assert backwards == list(reversed(range(stops - 1)))


# For each widget, in tab order: where to stop, what to press, and what has to change.
Step = tuple[str, str, str]
RANGE = '[data-range-for="{}"]'
STEPS: dict[str, list[Step]] = {
    "preference_pairs": [
        ("[data-go=next]", "Enter", '[data-field="pair"]'),
        ("[data-answer-of=a]", "Enter", "[data-readout]"),
        ("[data-settings] > summary", "Enter", "[data-settings]"),
        ("[name=prompt]", "ArrowDown", '[data-field="prompt"]'),
        ("[name=split]", "ArrowDown", "[data-link=api]"),
        ("[name=pair]", "ArrowUp", '[data-field="pair"]'),
    ],
    "annotator": [
        ("[data-do=a]", "Enter", "[data-say]"),
        ("[data-do=undo]", "Enter", "[data-say]"),
        ("[data-settings] > summary", "Enter", "[data-settings]"),
        ("[name=prompt]", "ArrowDown", "[data-say]"),
        ("[name=sampling_seed]", "ArrowUp", "[data-do=a]"),
        ("[data-do=b]", "Enter", "[data-say]"),
    ],
    "dpo_derivation": [
        ("[name=step]", "ArrowRight", "[data-readout]"),
        ("[data-drop]", "Enter", "[data-readout]"),
        ("[data-settings] > summary", "Enter", "[data-settings]"),
        ("[name=prompt]", "ArrowDown", '[data-field="response"]'),
        ("[name=beta]", "ArrowUp", '[data-field="check.left"]'),
        ("[name=seed]", "ArrowUp", '[data-field="response"]'),
    ],
    "dpo_loss": [
        ("[data-step='5']", "Enter", "[data-title]"),
        (RANGE.format("logratio_chosen"), "ArrowRight", "[data-readout]"),
        (RANGE.format("logratio_rejected"), "End", "[data-readout]"),
        (RANGE.format("beta"), "ArrowRight", "[data-readout]"),
        ("[data-settings] > summary", "Enter", "[data-settings]"),
        ("[name=loss_type]", "ArrowDown", "[data-title]"),
        ("details:not([data-settings]) > summary", "Enter", "details:has(> summary:focus)"),
    ],
    "likelihood_displacement": [
        ("[data-step='2']", "Enter", "[data-readout]"),
        ("[data-at-range]", "ArrowRight", "[data-readout]"),
        ("[data-settings] > summary", "Enter", "[data-settings]"),
        ("[name=prompt]", "ArrowDown", "[data-readout]"),
        ("[name=beta]", "ArrowUp", "[data-readout]"),
    ],
    "bring_your_logps": [
        ("[data-step='2']", "Enter", "[data-title]"),
        ("[data-at-range]", "ArrowRight", "[data-readout]"),
        ("[data-settings] > summary", "Enter", "[data-settings]"),
        ("[name=loss_type]", "ArrowDown", "[data-link=api]"),
        ("[name=beta]", "ArrowUp", "[data-readout]"),
        ("[name=example]", "ArrowDown", "[data-title]"),
        ("[name=text]", "x", "[name=text]"),
        ("[data-clear]", "Enter", "[name=text]"),
    ],
    "beta_effect": [
        ("[data-step='4']", "Enter", "[data-readout]"),
        (RANGE.format("beta"), "ArrowLeft", "[data-readout]"),
        ("[data-settings] > summary", "Enter", "[data-settings]"),
        ("[name=prompt]", "ArrowDown", "[data-readout]"),
        ("[name=reward]", "ArrowLeft", "[data-readout]"),
    ],
    "pipeline_comparison": [
        ("[data-step='2']", "Enter", "[data-readout]"),
        ("[data-at-range]", "ArrowLeft", "[data-readout]"),
        ("[data-settings] > summary", "Enter", "[data-settings]"),
        ("[name=prompt]", "ArrowDown", "[data-readout]"),
    ],
    "win_rates": [
        ("[data-step='3']", "Enter", "[data-title]"),
        ("[data-at-range]", "ArrowLeft", "[data-readout]"),
        ("[data-settings] > summary", "Enter", "[data-settings]"),
        ("[name=benchmark]", "ArrowDown", "[data-title]"),
    ],
    "overoptimization": [
        ("[data-step='3']", "Enter", "[data-readout]"),
        ("[data-at-range]", "ArrowLeft", "[data-readout]"),
        ("[data-settings] > summary", "Enter", "[data-settings]"),
        ("[name=method]", "ArrowRight", "[data-readout]"),
    ],
    "frontier": [
        ("[data-step='3']", "Enter", "[data-readout]"),
        ("[data-at-range]", "ArrowRight", "[data-readout]"),
        ("[data-at-range]", "ArrowUp", "[data-readout]"),
        ("[data-settings] > summary", "Enter", "[data-settings]"),
        ("[name=prompt]", "ArrowDown", "[data-readout]"),
    ],
    "loss_family": [
        ("[data-step='1']", "Enter", "[data-title]"),
        ("[data-at-range]", "ArrowLeft", "[data-readout]"),
        ("[name=loss_type]", "ArrowDown", "[data-title]"),
        ("[data-settings] > summary", "Enter", "[data-settings]"),
        ("[name=beta]", "ArrowRight", "[data-readout]"),
    ],
    "length_bias": [
        ("[data-step='4']", "Enter", "[data-title]"),
        (RANGE.format("length_taste"), "ArrowRight", "[data-readout]"),
        (RANGE.format("length_price"), "Home", "[data-readout]"),
        ("[data-settings] > summary", "Enter", "[data-settings]"),
        ("[name=prompt]", "ArrowDown", "[data-readout]"),
        ("[name=beta]", "ArrowUp", "[data-readout]"),
        ("[data-details] > summary", "Enter", "[data-details]"),
    ],
    "quiz": [
        ("[data-dot='2'] button", "Enter", "[data-where]"),
        ("[data-shown] [type=radio]", "Space", "[data-readout]"),
        ("[data-turn='1']", "Enter", "[data-where]"),
        ("[data-shown] [type=radio]", "b", "[data-readout]"),
        ("[data-settings] > summary", "Enter", "[data-settings]"),
        ("[name=seed]", "ArrowUp Enter", "[data-sheet]"),
        ("[data-details] > summary", "Enter", "[data-details]"),
        ("[data-new-numbers]", "Enter", "[data-sheet]"),
    ],
}


def steps_of(found: Locator, name: str) -> list[Step]:
    """Those listed above, or another step, each handle, the scrub, and what can be opened."""
    if name in STEPS:
        return STEPS[name]
    native = found.locator(".native").all()
    ranges = [one.get_attribute("data-range-for") for one in native]
    moved = [RANGE.format(name) if name else "[data-at-range]" for name in ranges]
    return [
        ("[data-step]:not([aria-current], [data-asks])", "Enter", "[data-say]"),
        *((stop, "ArrowLeft", "[data-readout]") for stop in moved),
        ("summary", "Enter", "details:has(> summary:focus)"),
    ]


# What can change: text, the address of a link, the value of a box.
STATE = "element => String([element.textContent, element.href, element.value, element.open])"


@pytest.mark.parametrize("name", WIDGETS)
def test_a_widget_can_be_used_by_keyboard_alone_and_axe_finds_nothing_then_nor_when_it_failed(
    page: Page, faults: list[str], name: str
) -> None:
    visit(page, f"/widgets/{name}")
    found = widget(page, name)
    for stop, keys, changes in steps_of(found, name):
        tab_to(page, stop)
        place = found.locator(changes).first
        before = place.evaluate(STATE)
        for key in keys.split():
            page.keyboard.press(key)
        page.wait_for_function(
            f"([place, before]) => ({STATE})(place) !== before",
            arg=[place.element_handle(), before],
        )
        assert found.evaluate("widget => widget.contains(document.activeElement)")
        # A run has to be over before the next key: resetting one that has just started changes nothing.
        expect(found.locator("[data-core]")).not_to_have_attribute(
            "aria-busy", "true", timeout=PATIENCE
        )
    tab_to(page, "[data-link=api]")

    open_details(page)
    assert axe_finds(page) == []

    faults.append("Failed to load resource")
    for path in ("**/api/v1/**", "**/answer*"):
        page.route(path, lambda route: route.abort())
    found.evaluate("widget => widget.submit()")
    # A stream is reopened a few times before its widget gives up.
    expect(found.locator("[data-error]")).to_contain_text(
        re.compile("server|fetched"), timeout=PATIENCE
    )
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    assert axe_finds(page) == []


# ---- what is said ----------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "left"), [("dpo_loss", "Home"), ("beta_effect", "End")])
def test_each_key_on_a_logarithmic_slider_changes_the_value_that_it_says(
    page: Page, name: str, left: str
) -> None:
    page.goto(f"/widgets/{name}")
    found = widget(page, name)
    slider = found.locator("[data-range-for][data-log]").first
    slider.focus()
    said = [slider.get_attribute("aria-valuetext")]
    for key in ["ArrowRight"] * 5 + [left] + ["ArrowRight"] * 5:
        page.keyboard.press(key)
        said.append(slider.get_attribute("aria-valuetext"))
    assert all(before != after for before, after in pairwise(said)), said


LISTEN = """(widget) => {
    const heard = [];
    const listen = (changes) => heard.push(...changes.flatMap(({ addedNodes }) => [...addedNodes]));
    new MutationObserver(listen).observe(widget.querySelector("[data-live]"), { childList: true });
    return heard;
}"""
HEARD = "heard => heard.map((node) => node.textContent)"


def test_of_results_in_quick_succession_only_the_last_is_said(first_visit: Page) -> None:
    first_visit.clock.install(time=datetime(2026, 1, 1, tzinfo=UTC))
    first_visit.goto("/widgets/reward_separation")
    found = widget(first_visit, "reward_separation")
    # From here on time passes only when the test says so, however busy the machine is.
    first_visit.clock.pause_at(datetime(2026, 1, 2, tzinfo=UTC))
    heard = found.evaluate_handle(LISTEN)
    for number in range(1, 9):
        found.evaluate(
            "(widget, readout) => widget.show("
            "{ ...widget.result, scene: { ...widget.result.scene, readout } })",
            f"Result {number}",
        )
        first_visit.clock.run_for(200)
    assert heard.evaluate(HEARD) == []
    first_visit.clock.run_for(1_000)
    assert heard.evaluate(HEARD) == ["Result 8"]


def test_training_says_that_it_began_and_how_it_ended_but_not_each_frame(page: Page) -> None:
    page.request.get("/api/v1/ppo_dynamics?iterations=10&seed=6")
    page.goto("/widgets/ppo_dynamics?iterations=10&seed=6")
    found = widget(page, "ppo_dynamics")
    heard = found.evaluate_handle(LISTEN)
    frames = record_texts(found, "[data-training-says]")
    found.locator("[data-settings] > summary").click()
    found.locator('[name="iterations"]').fill("60")
    readout = found.locator("[data-readout]")
    expect(readout).to_contain_text("Iteration 60:", timeout=PATIENCE)
    expect(found.locator("[data-live]")).to_have_text(readout.text_content() or "")
    assert len(frames.json_value()) > 5
    said = heard.evaluate(HEARD)
    assert len(said) <= 2
    assert said[-1].startswith("Iteration 60")
