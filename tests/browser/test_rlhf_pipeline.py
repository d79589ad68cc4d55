from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

from app.lab.trained import the_lab
from tests.browser.accessibility import PATIENCE
from tests.browser.helpers import field, widget

SECTION = "/sections/rlhf-pipeline"


def state(found: Locator, network: str) -> Locator:
    return found.locator(".networks tr", has=found.page.get_by_text(network)).locator(".state")


def listed(found: Locator, names: str) -> list[str]:
    return found.locator(f'[data-list="{names}"] dt').all_text_contents()


def opened(page: Page) -> Locator:
    page.goto(SECTION)
    found = widget(page, "rlhf_pipeline")
    found.locator("[data-details] > summary").click()
    return found


def test_the_handle_goes_from_stop_to_stop_and_the_details_follow(page: Page) -> None:
    found = opened(page)
    expect(field(found, "title")).to_contain_text("Stage 1 of 3")
    expect(state(found, "SFT model, later the reference")).to_have_text("trained")

    handle = found.locator("[data-primary]")
    handle.press("ArrowRight")
    expect(handle).to_have_attribute("aria-valuetext", "2. Reward model")
    expect(field(found, "title")).to_contain_text("Stage 2 of 3")
    expect(state(found, "SFT model, later the reference")).to_have_text("frozen")
    expect(found.locator("[data-readout]")).to_contain_text("pairs as labeled")
    accuracy = f"{the_lab().reward_model_accuracy():.1%}"
    expect(found.locator("[data-readout]")).to_contain_text(accuracy)
    assert "decay" in listed(found, "hyperparameters")
    expect(page).to_have_url(re.compile(r"\?stage=reward_model$"))
    expect(found.locator("[data-step='2']")).to_have_attribute("aria-current", "step")

    handle.press("End")
    expect(field(found, "title")).to_contain_text("Stage 3 of 3", timeout=PATIENCE)
    assert found.locator(".networks .state").all_text_contents() == [
        "frozen",
        "frozen",
        "trained",
        "trained",
    ]
    assert "kl_coefficient" in listed(found, "hyperparameters")
    assert "decay" not in listed(found, "hyperparameters")
    expect(found.locator('[data-network="3"]')).to_have_attribute("data-state", "trained")
    expect(found.locator("[data-live]")).to_contain_text("PPO sampled")


def test_what_the_script_writes_is_what_the_server_writes(page: Page) -> None:
    """The lists that the script refills equal those of a fresh page."""
    found = opened(page)
    found.locator("[data-step='2']").click()
    expect(field(found, "title")).to_contain_text("Stage 2 of 3")
    heads = found.locator("[data-table] thead th")
    expect(heads).to_have_text(["gradient step", "loss (nats)", "accuracy on the training pairs"])
    drawn = found.locator("dl, thead").all_text_contents()
    page.goto(f"{SECTION}?stage=reward_model")
    fresh = page.locator("dpo-widget").locator("dl, thead").all_text_contents()

    def squeezed(texts: list[str]) -> list[str]:
        return [re.sub(r"\s+", "", text) for text in texts]

    assert squeezed(drawn) == squeezed(fresh)


def test_a_stage_that_is_here_is_shown_without_a_server(page: Page) -> None:
    found = opened(page)
    page.wait_for_function("({ state }) => state.get('ppo')", arg=found.element_handle())
    page.route("**/answer*", lambda route: route.abort())
    found.locator("[data-primary]").press("End")
    expect(found.locator("[data-readout]")).to_contain_text("PPO sampled")
    expect(found.locator("[data-error]")).to_be_hidden()
