from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.helpers import field, record_most, record_texts, settled, widget

PATIENCE = 240_000


@pytest.fixture(autouse=True)
def _still(page: Page) -> None:
    """A run that is to be played is shown at its end at once."""
    page.emulate_media(reduced_motion="reduce")


def opened(page: Page, address: str = "/widgets/training_race") -> Locator:
    page.goto(address)
    return widget(page, "training_race")


def readout(found: Locator) -> Locator:
    return found.locator("[data-readout]")


def expect_shown(found: Locator) -> None:
    """The result of the controls is shown."""
    core = found.locator("[data-core]")
    expect(core).not_to_have_attribute("data-stale", "", timeout=PATIENCE)
    expect(core).to_have_attribute("aria-busy", "false")


def test_a_race_with_a_new_seed_grows_in_the_drawing_and_is_then_shown(page: Page) -> None:
    found = opened(page, "/sections/dpo-vs-rlhf")
    found.get_by_text("Settings").click()
    told = record_texts(found, "[data-training-says]")
    grown = record_most(found, "svg.plot .grown")
    found.get_by_role("button", name="New seed", exact=True).click()
    settled(found)
    expect_shown(found)
    assert grown.json_value()["most"] == 2  # a path of each
    texts = told.json_value()
    assert any(re.search(r"^Shown: seed 0\. .*: ([1-9]|[1-4]\d) of 50 legs$", t) for t in texts)
    expect(found.locator("svg.plot .grown")).to_have_count(0)
    expect(field(found, "rlhf_last.samples_generated")).to_have_text("19,200")
    seed = found.locator('[name="seed"]').input_value()
    assert f"seed={seed}" in page.url
    # Its address shows the same race.
    shown = readout(found).text_content()
    page.reload()
    assert readout(widget(page, "training_race")).text_content() == shown


def test_a_race_that_is_canceled_leaves_the_one_that_is_shown(page: Page) -> None:
    found = opened(page)
    before = (page.url, readout(found).text_content())
    page.route("**/stream*", lambda _: None)
    found.get_by_text("Settings").click()
    found.locator("[name=dpo_beta]").fill("0.8")
    says = found.locator("[data-stale-note]")
    expect(says).to_contain_text("Shown: DPO’s β 0.3. Training with seed 0")
    expect(page).to_have_url(re.compile("dpo_beta=0.8"))
    found.get_by_role("button", name="Cancel", exact=True).click()
    expect_shown(found)
    assert (page.url, readout(found).text_content()) == before
    expect(found.locator("[name=dpo_beta]")).to_have_value("0.3")


def test_the_seconds_are_scrubbed_and_their_place_is_in_the_address(page: Page) -> None:
    found = opened(page)
    found.locator("[data-at-range]").fill("20")
    expect(readout(found)).to_contain_text("RLHF is still fitting its reward model")
    expect(found.locator("[data-speaker='1'] [data-said]")).to_contain_text("Locks are a common")
    expect(page).to_have_url(re.compile(r"training_race\.at=20"))
    said = readout(found).text_content()
    page.reload()
    assert readout(widget(page, "training_race")).text_content() == said


def test_a_prediction_comes_before_the_paths(page: Page) -> None:
    found = opened(page, "/widgets/training_race?step=1")
    paths = found.locator("svg.plot .line:is(.s-opt, .s-ref)")
    expect(paths).to_have_count(0)
    found.locator("[data-guess=a]").click()
    expect(readout(found)).to_contain_text("RLHF does.")
    expect(paths.first).to_be_visible()
    expect(page).to_have_url(re.compile(r"training_race\.guess=a"))


def test_a_step_shows_another_reward_model(page: Page) -> None:
    found = opened(page)
    found.locator("[data-step='5']").click()
    expect(found.locator("[data-title]")).to_have_text("RLHF climbs past its peak")
    expect_shown(found)
    expect(page).to_have_url(re.compile("reward_model=additive"))
