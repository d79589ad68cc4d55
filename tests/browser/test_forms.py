"""Without JavaScript the form of a widget works, on its own page and on that of a section."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect


@pytest.mark.parametrize(
    ("path", "name", "value", "finding"),
    [
        ("/sections/reward-modeling", "reward_chosen", "0", "only guessing"),
        ("/sections/beta", "beta", "10", "β = 10"),
        ("/sections/dpo-loss", "loss_type", "nca_pair", "NCA raises"),
        ("/sections/results", "benchmark", "human", "272 judgments"),
        ("/sections/rlhf-pipeline", "stage", "reward_model", "pairs as labeled"),
        ("/widgets/rlhf_pipeline", "stage", "ppo", "PPO sampled"),
        ("/widgets/overoptimization", "comparisons", "4000", "promises"),
        ("/widgets/loss_family", "loss_type", "discopop", "It turns away"),
        ("/widgets/likelihood_displacement", "loss", "ipo", "nats"),
    ],
)
def test_an_update_shows_what_was_chosen(
    plain_page: Page, path: str, name: str, value: str, finding: str
) -> None:
    plain_page.goto(path)
    found = plain_page.locator("dpo-widget").filter(has=plain_page.locator(f"[name={name}]")).first
    control = found.locator(f"[name={name}]")
    if not control.first.is_visible():
        found.locator("[data-settings] > summary").click()
    if control.first.get_attribute("type") == "radio":
        found.locator(f"[name={name}][value='{value}']").check()
    elif control.evaluate("control => control.tagName") == "SELECT":
        control.select_option(value)
    else:
        control.fill(value)
    found.get_by_role("button", name="Update").click()
    expect(found.locator("[data-readout]")).to_contain_text(finding)
    expect(plain_page).to_have_url(re.compile(rf"{re.escape(path)}\?.*{name}={value}"))
    found.locator("details.data summary, [data-details] > summary").first.click()
    expect(found.locator("table:visible tbody tr").first).to_be_visible()
