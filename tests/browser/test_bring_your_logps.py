"""The reader's own log-probabilities: pasted, from a file, with a bad line, and without JavaScript."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect
from starlette.testclient import TestClient

from tests.browser.helpers import expect_chart, field, widget

NAME = "bring_your_logps"
HEADER = "policy_chosen_logps,policy_rejected_logps,reference_chosen_logps,reference_rejected_logps"
PAIRS = f"{HEADER}\n-41.2,-57.9,-44.0,-52.3\n-18.6,-21.4,-18.1,-17.7\n"

PASTE = """(element, text) => {
    element.focus();
    document.execCommand("insertText", false, text);
    element.dispatchEvent(new ClipboardEvent("paste", { bubbles: true }));
}"""


@pytest.fixture(scope="module")
def swapped(client: TestClient) -> str:
    """A file from the lab with policy and reference swapped."""
    return client.get(f"/api/v1/{NAME}/example.jsonl", params={"example": "swapped"}).text


def outcome(found: Locator, kind: str) -> Locator:
    return found.locator(f'[data-check="{kind}"]')


def test_suggestions_show_the_mistakes_of_the_lab(page: Page) -> None:
    page.goto("/sections/dpo-loss")
    found = widget(page, NAME)
    expect_chart(found)
    expect(found.locator("[data-outcome=found]")).to_have_count(0)
    found.get_by_role("link", name=re.compile("Apply β twice")).click()
    expect(outcome(found, "beta_twice")).to_have_attribute("data-outcome", "found")
    expect(found.locator("[data-outcome=found]")).to_have_count(1)
    expect(page).to_have_url(re.compile("example=beta_twice"))
    expect(found.get_by_role("link", name="Example as CSV")).to_have_attribute(
        "href", f"/api/v1/{NAME}/example.csv?example=beta_twice"
    )


def test_pasted_pairs_are_computed_at_once_and_stay_out_of_every_address(page: Page) -> None:
    addresses: list[str] = []
    page.on("request", lambda request: addresses.append(request.url))
    page.goto(f"/widgets/{NAME}")
    found = widget(page, NAME)
    expect_chart(found)
    found.locator("textarea").evaluate(PASTE, PAIRS)
    expect(field(found, "read")).to_contain_text("2 pairs, CSV")
    expect(found.locator("[data-whose]")).to_have_text("Your data:")
    expect(field(found, "accuracy")).to_have_text("100.0%")
    expect(field(found, "margin")).to_have_text("1.74")
    expect(found.locator("[data-worst] tr")).to_have_count(2)
    expect(found.locator('[data-chart="by_length"]')).to_be_hidden()
    expect(found.locator("[data-links]")).to_be_hidden()
    # Another beta: the same pairs again.
    found.locator("[name=beta]").fill("0.1")
    expect(field(found, "margin")).to_have_text("0.58")
    expect(field(found, "read")).to_contain_text("2 pairs, CSV")
    expect(page).to_have_url(re.compile(r"\?beta=0.1$"))
    assert not [address for address in addresses if "41.2" in address or "logps=" in address]
    found.get_by_role("button", name="Remove my data").click()
    expect(field(found, "read")).to_contain_text("240 pairs")
    expect(found.locator("[data-whose]")).to_have_text("Example from the lab:")
    expect(found.locator("textarea")).to_have_value("")
    expect(found.locator("[data-links]")).to_be_visible()


def test_a_file_is_read_and_its_mistake_is_found(page: Page, swapped: str, tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    path.write_text(swapped, encoding="utf-8")
    page.goto(f"/widgets/{NAME}")
    found = widget(page, NAME)
    found.get_by_label("Or a file").set_input_files(path)
    expect(field(found, "read")).to_contain_text("240 pairs, JSON Lines")
    expect(outcome(found, "swapped")).to_have_attribute("data-outcome", "found")
    expect(found.locator(".finding")).to_contain_text("Policy and reference may be swapped")
    expect_chart(found, "by_length")
    # A suggestion leads back to the lab.
    found.get_by_role("link", name=re.compile("Take the mean")).click()
    expect(outcome(found, "mean_not_sum")).to_have_attribute("data-outcome", "found")
    expect(field(found, "read")).to_contain_text("CSV")
    expect(found.locator("textarea")).to_have_value("")


def test_a_bad_line_is_named_and_the_last_result_stays(page: Page, faults: list[str]) -> None:
    faults.append("422")
    page.goto(f"/widgets/{NAME}")
    found = widget(page, NAME)
    expect_chart(found)
    found.locator("textarea").fill(PAIRS.replace("-17.7", "17.7"))
    # Typed text waits for the button.
    expect(found.locator("[data-error]")).to_be_hidden()
    found.get_by_role("button", name="Compute from my data").click()
    expect(found.locator("[data-error]")).to_contain_text("line 3, reference_rejected_logps: 17.7")
    expect(found.locator("[data-whose]")).to_have_text("Example from the lab:")
    found.locator("textarea").fill(PAIRS)
    found.get_by_role("button", name="Compute from my data").click()
    expect(found.locator("[data-error]")).to_be_hidden()
    expect(field(found, "read")).to_contain_text("2 pairs")


def test_what_is_too_large_is_refused_before_it_is_sent(page: Page) -> None:
    page.goto(f"/widgets/{NAME}")
    found = widget(page, NAME)
    found.locator("textarea").evaluate("area => { area.value = 'x'.repeat(5_000_000); }")
    found.get_by_role("button", name="Compute from my data").click()
    expect(found.locator("[data-error]")).to_contain_text("At most 4,000,000 bytes")


def test_label_smoothing_follows_the_loss(page: Page) -> None:
    page.goto(f"/widgets/{NAME}")
    found = widget(page, NAME)
    found.locator("[name=loss_type]").select_option("exo_pair")
    expect(found.locator("[name=label_smoothing]")).to_have_value("0.001")
    expect(found.locator("[data-error]")).to_be_hidden()
    expect(page).to_have_url(re.compile("loss_type=exo_pair"))


def test_without_javascript_pasted_pairs_come_back_computed(plain_page: Page) -> None:
    plain_page.goto("/sections/dpo-loss")
    found = plain_page.locator(f'dpo-widget[name="{NAME}"]')
    found.locator("textarea").fill(PAIRS)
    found.locator("[name=beta]").fill("0.1")
    found.get_by_role("button", name="Update").click()
    expect(plain_page).to_have_url(re.compile(f"/widgets/{NAME}$"))
    expect(field(found, "read")).to_contain_text("2 pairs, CSV")
    expect(field(found, "margin")).to_have_text("0.58")
    expect(found.locator("textarea")).to_have_value(PAIRS)


def test_without_javascript_a_file_can_be_sent(plain_page: Page, swapped: str) -> None:
    plain_page.goto(f"/widgets/{NAME}")
    found = plain_page.locator(f'dpo-widget[name="{NAME}"]')
    found.get_by_label("Or a file").set_input_files(
        {"name": "run.jsonl", "mimeType": "application/jsonl", "buffer": swapped.encode()}
    )
    found.get_by_role("button", name="Update").click()
    expect(field(found, "read")).to_contain_text("240 pairs, JSON Lines")
    expect(outcome(found, "swapped")).to_have_attribute("data-outcome", "found")


def test_without_javascript_a_bad_line_is_named_and_an_example_has_its_address(
    plain_page: Page, faults: list[str]
) -> None:
    faults.append("422")
    plain_page.goto(f"/widgets/{NAME}")
    found = plain_page.locator(f'dpo-widget[name="{NAME}"]')
    found.locator("textarea").fill(PAIRS.replace("-17.7", "nan"))
    found.get_by_role("button", name="Update").click()
    expect(found.get_by_role("alert")).to_contain_text("line 3, reference_rejected_logps: nan")
    found.locator("textarea").fill("")
    found.locator("[name=example]").select_option("step_zero")
    found.get_by_role("button", name="Update").click()
    expect(plain_page).to_have_url(re.compile(r"\?example=step_zero$"))
    expect(outcome(found, "step_zero")).to_have_attribute("data-outcome", "found")
