from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

from app.lab.trained import the_lab
from tests.browser.accessibility import PATIENCE
from tests.browser.helpers import expect_chart, field, widget

SECTION = "/sections/rlhf-pipeline"


def state(found: Locator, network: str) -> Locator:
    return found.locator(".networks tr", has=found.page.get_by_text(network)).locator(".state")


def listed(found: Locator, names: str) -> list[str]:
    return found.locator(f'[data-list="{names}"] dt').all_text_contents()


def test_a_click_opens_each_stage(page: Page) -> None:
    page.goto(SECTION)
    found = widget(page, "rlhf_pipeline")
    expect(field(found, "title")).to_contain_text("Stage 1 of 3")
    expect(state(found, "SFT model, later the reference")).to_have_text("trained")

    found.get_by_label("2. Reward model").check()
    expect(field(found, "title")).to_contain_text("Stage 2 of 3")
    expect(state(found, "SFT model, later the reference")).to_have_text("frozen")
    expect(found.locator(".finding")).to_contain_text("held-out pairs as labelled")
    accuracy = f"{the_lab().reward_model_accuracy():.1%}"
    expect(found.locator('[data-list="quantities"]')).to_contain_text(accuracy)
    assert "decay" in listed(found, "hyperparameters")
    expect(page).to_have_url(re.compile(r"\?stage=reward_model$"))

    found.get_by_label("3. PPO").check()
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
    expect(found.locator("[data-live]")).to_contain_text("held four networks")


def test_the_chart_and_its_table_change_with_the_stage(page: Page) -> None:
    page.goto(SECTION)
    found = widget(page, "rlhf_pipeline")
    expect_chart(found)
    table = found.locator('[data-table="figure"]')
    heads = table.locator("thead th")
    expect(heads.first).to_have_text("epoch")
    found.get_by_label("2. Reward model").check()
    expect(heads).to_have_text(["gradient step", "loss (nats)", "accuracy on the training pairs"])
    expect(table.locator("tbody tr")).to_have_count(11)


def test_what_the_script_draws_is_what_the_server_draws(page: Page) -> None:
    """The lists that the script refills equal those of a fresh page."""
    page.goto(SECTION)
    found = widget(page, "rlhf_pipeline")
    found.get_by_label("2. Reward model").check()
    expect(field(found, "title")).to_contain_text("Stage 2 of 3")
    drawn = found.locator("dl, thead").all_text_contents()
    page.goto(f"{SECTION}?stage=reward_model")
    fresh = page.locator("dpo-widget").locator("dl, thead").all_text_contents()

    def squeezed(texts: list[str]) -> list[str]:
        return [re.sub(r"\s+", "", text) for text in texts]

    assert squeezed(drawn) == squeezed(fresh)
