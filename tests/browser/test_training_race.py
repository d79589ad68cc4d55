from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

from tests.browser.helpers import expect_chart, field, widget

UNDER_WAY = re.compile(r"^([1-9]|[1-4]\d) of 50 legs")
PATIENCE = 240_000


def button(found: Locator, name: str) -> Locator:
    return found.get_by_role("button", name=name, exact=True)


def text(found: Locator) -> Locator:
    return found.locator("[data-run-text]")


def test_a_race_is_watched_to_its_end(page: Page) -> None:
    page.goto("/sections/dpo-vs-rlhf")
    found = widget(page, "training_race")
    expect_chart(found)
    button(found, "Race with a new seed").click()
    expect(text(found)).to_have_text(UNDER_WAY, timeout=PATIENCE)
    expect(text(found)).to_have_text(re.compile("left$"), timeout=PATIENCE)
    expect(text(found)).to_have_text("50 of 50 legs", timeout=PATIENCE)
    expect(found.locator(".finding")).to_contain_text("DPO ended at")
    expect(field(found, "rlhf_last.samples_generated")).to_have_text("19,200")
    seed = found.locator('[name="seed"]').input_value()
    assert f"seed={seed}" in page.url
    expect(button(found, "Pause")).to_be_hidden()


def test_a_race_is_paused_stepped_and_goes_on_to_the_same_end(page: Page) -> None:
    page.goto("/widgets/training_race?seed=6")
    found = widget(page, "training_race")
    wanted = field(found, "dpo_last.kl").text_content() or ""
    page.goto("/widgets/training_race?seed=16")
    found.locator('[name="seed"]').fill("6")
    button(found, "Step").click()
    # One stage of both.
    expect(text(found)).to_have_text("1 of 50 legs, paused", timeout=PATIENCE)
    expect(field(found, "dpo_last.gradient_steps")).to_have_text("8")
    button(found, "Step").click()
    expect(text(found)).to_have_text("2 of 50 legs, paused", timeout=PATIENCE)
    button(found, "Continue").click()
    expect(text(found)).to_have_text("50 of 50 legs", timeout=PATIENCE)
    expect(field(found, "dpo_last.kl")).to_have_text(wanted)


def test_a_race_that_is_under_way_is_cancelled(page: Page) -> None:
    page.goto("/widgets/training_race")
    found = widget(page, "training_race")
    button(found, "Race with a new seed").click()
    expect(text(found)).to_have_text(UNDER_WAY, timeout=PATIENCE)
    button(found, "Cancel").click()
    expect(text(found)).to_have_text(re.compile("cancelled$"))
    expect(found.locator(".widget-body")).to_have_attribute("aria-busy", "false")
    expect(found.locator(".finding")).to_contain_text("Cancelled at")
    # The focus has not disappeared with the button.
    expect(button(found, "Race this seed")).to_be_focused()


def test_a_reload_by_the_address_shows_the_same_race(page: Page) -> None:
    page.goto("/widgets/training_race")
    found = widget(page, "training_race")
    found.locator('[name="dpo_beta"]').fill("0.8")
    button(found, "Race with a new seed").click()
    expect(text(found)).to_have_text(UNDER_WAY, timeout=PATIENCE)
    page.reload(timeout=PATIENCE)
    found = widget(page, "training_race")
    expect(found.locator('[name="dpo_beta"]')).to_have_value("0.8")
    expect(text(found)).to_have_text("50 of 50 legs")
    shown = field(found, "dpo_last.kl").text_content() or ""
    button(found, "Race this seed").click()
    expect(found.locator("[data-live]")).to_contain_text("DPO ended at", timeout=PATIENCE)
    expect(field(found, "dpo_last.kl")).to_have_text(shown)


def test_a_reader_who_has_to_wait_hears_the_place_in_the_queue(page: Page) -> None:
    page.goto("/widgets/training_race")
    found = widget(page, "training_race")
    # As many long runs as the server computes at a time.
    page.evaluate(
        """() => Promise.all([881, 882].map((seed) => new Promise((resolve) => {
            const source = new EventSource(`/api/v1/ppo_dynamics/stream?iterations=400&seed=${seed}`);
            source.addEventListener("step", resolve, { once: true });
            (window.others ??= []).push(source);
        })))"""
    )
    button(found, "Race with a new seed").click()
    expect(text(found)).to_contain_text("the server is busy, you are number 1 in its queue")
    page.evaluate("window.others.forEach((source) => source.close())")
    expect(text(found)).to_have_text(UNDER_WAY, timeout=PATIENCE)
    button(found, "Cancel").click()
