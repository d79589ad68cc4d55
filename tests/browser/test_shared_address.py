"""The address of a section leads back to what each of its figures shows."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.helpers import widget


def shown(page: Page, names: list[str]) -> dict[str, tuple[str, ...]]:
    """The words of each figure, once it shows its own state."""
    found = {}
    for name in names:
        figure = widget(page, name)
        core = figure.locator("[data-core]")
        expect(core).not_to_have_attribute("aria-busy", "true")
        expect(core).not_to_have_attribute("data-stale", "")
        step = figure.locator('[aria-current="step"]')
        parts = (figure.locator("[data-title]"), figure.locator("[data-readout]"), step)
        found[name] = tuple(text for part in parts for text in part.all_text_contents())
    return found


@pytest.mark.parametrize(
    ("section", "steps", "others"),
    [
        ("dpo-vs-rlhf", {"training_race": 5, "pipeline_comparison": 2}, []),
        ("dpo-loss", {"dpo_loss": 4, "likelihood_displacement": 4}, ["annotator"]),
    ],
)
def test_an_address_leads_back_to_every_figure(
    page: Page, section: str, steps: dict[str, int], others: list[str]
) -> None:
    page.emulate_media(reduced_motion="reduce")
    page.goto(f"/sections/{section}")
    at_first = shown(page, others)
    for name, number in steps.items():
        step = widget(page, name).locator(f'[data-step="{number}"]')
        step.click()
        expect(step).to_have_attribute("aria-current", "step")
        shown(page, [name])
    before = shown(page, [*steps, *others])
    assert {name: before[name] for name in others} == at_first
    address = page.url
    page.goto(address)
    # Figures keep their places even before they have been near the screen.
    widget(page, next(iter(steps))).evaluate("(figure) => figure.followUrl()")
    assert page.url == address
    assert shown(page, [*steps, *others]) == before
