"""A number that is out of range, or none, holds up only itself."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.helpers import widget


def opened(page: Page, name: str) -> Locator:
    """A widget whose settings are in sight."""
    found = widget(page, name)
    found.evaluate("w => w.querySelectorAll('details').forEach((one) => { one.open = true; })")
    return found


def expect_margin(found: Locator, margin: float) -> None:
    found.page.wait_for_function(
        "([widget, margin]) => widget.result.margin === margin",
        arg=[found.element_handle(), margin],
    )


@pytest.mark.parametrize("wrong", ["-99999", ""])
def test_other_controls_go_on_and_the_box_says_its_range(page: Page, wrong: str) -> None:
    page.goto("/widgets/reward_separation?reward_chosen=1")
    found = opened(page, "reward_separation")
    slider = found.locator('[data-range-for="reward_chosen"]')
    box = found.locator('[name="reward_chosen"]')
    box.fill(wrong)
    message = found.locator("[data-error]")
    expect(message).to_contain_text("from -10 to 10")
    expect(slider).to_have_js_property("value", "1")
    found.locator('[name="reward_rejected"]').fill("-1")
    expect_margin(found, 2)
    expect(page).to_have_url(re.compile(r"\?reward_chosen=1&reward_rejected=-1$"))
    expect(message).to_be_visible()
    box.fill("3")
    expect(message).to_be_hidden()
    expect_margin(found, 4)


def test_an_invalid_seed_gets_into_no_address(page: Page) -> None:
    page.goto("/widgets/ppo_dynamics?iterations=10")
    found = opened(page, "ppo_dynamics")
    found.locator('[name="seed"]').fill("-5")
    expect(found.locator("[data-error]")).to_contain_text("Seed: from 0 to 999999.")
    found.locator('[name="iterations"]').fill("20")
    expect(page).to_have_url(re.compile(r"\?iterations=20$"))
