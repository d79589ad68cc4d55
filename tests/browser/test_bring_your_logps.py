"""The reader's own log-probabilities: dropped, pasted, chosen, with a bad line, and without JavaScript."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect
from starlette.testclient import TestClient

from tests.browser.helpers import field, settled, widget
from tests.browser.keys import tab_to

NAME = "bring_your_logps"
HEADER = "policy_chosen_logps,policy_rejected_logps,reference_chosen_logps,reference_rejected_logps"
PAIRS = f"{HEADER}\n-41.2,-57.9,-44.0,-52.3\n-18.6,-21.4,-18.1,-17.7\n"

PASTE = """(element, text) => {
    element.focus();
    document.execCommand("insertText", false, text);
    element.dispatchEvent(new ClipboardEvent("paste", { bubbles: true }));
}"""

# A file over an element, then dropped on it; whether the page says meanwhile that it takes it.
DROP = """(element, text) => {
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File([text], "run.csv", { type: "text/csv" }));
    const about = { dataTransfer, bubbles: true, cancelable: true };
    const taken = !element.dispatchEvent(new DragEvent("dragover", about));
    const shown = element.closest("[data-core]").hasAttribute("data-over");
    element.dispatchEvent(new DragEvent("drop", about));
    return [taken, shown];
}"""


@pytest.fixture(scope="module")
def swapped(client: TestClient) -> str:
    """A file from the lab with policy and reference swapped."""
    return client.get(f"/api/v1/{NAME}/example.jsonl", params={"example": "swapped"}).text


def visited(page: Page, query: str = "") -> Locator:
    page.goto(f"/widgets/{NAME}{query}")
    return widget(page, NAME)


def opened(page: Page, query: str = "") -> Locator:
    """The widget with its settings open."""
    found = visited(page, query)
    found.locator("[data-settings] > summary").click()
    return found


def title(found: Locator) -> Locator:
    return found.locator("[data-title]")


def outcome(found: Locator, kind: str) -> Locator:
    return found.locator(f'[data-check="{kind}"]')


def test_a_hand_drags_across_the_pairs_from_the_lowest_margin_to_the_highest(page: Page) -> None:
    page.emulate_media(reduced_motion="reduce")
    found = visited(page)
    readout = found.locator("[data-readout]")
    knob = found.locator('svg.plot [data-h="0"] .knob').bounding_box()
    assert knob is not None
    x, y = knob["x"] + knob["width"] / 2, knob["y"] + knob["height"] / 2
    expect(readout).to_contain_text("Ranked wrongly")
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 300, y)
    expect(readout).to_contain_text("Ranked as labeled")
    page.mouse.up()
    found.locator("[data-at-range]").press("Home")
    expect(readout).to_contain_text("Line 66 has a margin")
    expect(page).to_have_url(re.compile(r"bring_your_logps\.at=0$"))
    said = readout.text_content() or ""
    page.reload()
    expect(widget(page, NAME).locator("[data-readout]")).to_have_text(said)


def test_steps_show_the_mistakes_of_the_lab(page: Page) -> None:
    page.goto("/check")
    found = widget(page, NAME)
    expect(found.locator("[data-outcome=found]")).to_have_count(0)
    found.locator("[data-step='4']").click()
    expect(title(found)).to_contain_text("β may be applied twice")
    expect(outcome(found, "beta_twice")).to_have_attribute("data-outcome", "found")
    expect(found.locator("[data-outcome=found]")).to_have_count(1)
    expect(page).to_have_url(re.compile("example=beta_twice"))
    expect(found.locator("[data-download=csv]")).to_have_attribute(
        "href", f"/api/v1/{NAME}/example.csv?example=beta_twice"
    )


def test_the_pairs_are_drawn_once_the_reader_has_said_what_swapping_does(page: Page) -> None:
    page.emulate_media(reduced_motion="reduce")
    found = visited(page, "?step=3")
    dots = found.locator("svg.plot .pale")
    expect(title(found)).to_have_text("How do the pairs rank with policy and reference swapped?")
    expect(dots).to_have_count(0)
    found.locator("[data-guess=a]").click()
    expect(found.locator("[data-readout]")).to_contain_text("All margins change sign.")
    expect(title(found)).to_have_text("The policy has moved toward the rejected responses")
    expect(dots).to_have_count(240)


def test_a_dropped_file_is_shown_and_a_step_leads_back_to_the_lab(page: Page) -> None:
    found = visited(page, "?step=3")
    address = page.url
    assert found.locator("svg.plot").evaluate(DROP, PAIRS) == [True, True]
    expect(title(found)).to_have_text("Both pairs are ranked as labeled: too few to tell")
    expect(found.locator("[data-say]")).to_contain_text("Your data: 2 pairs")
    expect(found.locator("[data-ask]")).to_be_hidden()
    expect(found.locator("[data-step='3']")).to_have_class("left")
    expect(found.locator("svg.plot .pale")).to_have_count(2)
    expect(found.locator("[data-link=receipt]")).to_be_hidden()
    assert page.url.split("?")[0] == address.split("?")[0]
    found.locator("[data-step='2']").click()
    expect(title(found)).to_have_text("Log-probabilities may be means over tokens")
    expect(found.locator("[data-say]")).to_contain_text("Take the mean")
    expect(found.locator("[name=text]")).to_have_value("")
    expect(found.locator("[data-link=receipt]")).to_be_visible()


def test_pasted_pairs_are_computed_at_once_and_stay_out_of_every_address(page: Page) -> None:
    addresses: list[str] = []
    page.on("request", lambda request: addresses.append(request.url))
    found = opened(page)
    found.locator("textarea").evaluate(PASTE, PAIRS)
    expect(field(found, "read")).to_contain_text("2 pairs, CSV")
    expect(found.locator("[data-whose]")).to_have_text("Your data:")
    expect(field(found, "accuracy")).to_have_text("100.0%")
    expect(field(found, "margin")).to_have_text("1.74")
    expect(found.locator("[data-worst] tr")).to_have_count(2)
    # Another beta: the same pairs again.
    found.locator("[name=beta]").fill("0.1")
    expect(field(found, "margin")).to_have_text("0.58")
    expect(field(found, "read")).to_contain_text("2 pairs, CSV")
    expect(page).to_have_url(re.compile(r"\?beta=0.1$"))
    assert not [address for address in addresses if "41.2" in address or "logps=" in address]
    # What Details hold is of these pairs, not of the example.
    found.locator("[data-details] > summary").click()
    expect(found.locator('[data-table="figure"] tbody tr').last).to_contain_text("0.825")
    expect(found.locator("[data-part=by_length]")).to_be_hidden()
    found.get_by_role("button", name="Remove my data").click()
    expect(field(found, "read")).to_contain_text("240 pairs")
    expect(found.locator("[data-whose]")).to_have_text("Example from the lab:")
    expect(found.locator("textarea")).to_have_value("")


def test_tab_leads_to_the_choice_of_a_file_whose_mistake_is_found(
    page: Page, swapped: str, tmp_path: Path
) -> None:
    path = tmp_path / "run.jsonl"
    path.write_text(swapped, encoding="utf-8")
    found = visited(page)
    tab_to(page, "[name=file]")
    found.locator("[name=file]").set_input_files(path)
    expect(field(found, "read")).to_contain_text("240 pairs, JSON Lines")
    expect(outcome(found, "swapped")).to_have_attribute("data-outcome", "found")
    expect(title(found)).to_have_text("The policy has moved toward the rejected responses")


def test_a_bad_line_is_named_in_place_of_the_readout_and_the_text_stays(
    page: Page, faults: list[str]
) -> None:
    faults.append("422")
    found = opened(page)
    error = found.locator("[data-error]")
    bad = PAIRS.replace("-17.7", "17.7")
    found.locator("textarea").fill(bad)
    expect(error).to_be_hidden()
    found.get_by_role("button", name="Compute from my data").click()
    expect(error).to_have_text(re.compile("^line 3, reference_rejected_logps: 17.7"))
    expect(found.locator("[data-core]")).to_have_attribute("data-stale", "")
    expect(found.locator("[data-readout]")).to_be_hidden()
    expect(found.locator("[data-stale-note]")).to_be_hidden()
    expect(found.locator("textarea")).to_have_value(bad)
    found.locator("textarea").fill(PAIRS)
    found.get_by_role("button", name="Compute from my data").click()
    expect(error).to_be_hidden()
    expect(found.locator("[data-readout]")).to_contain_text("has a margin")
    expect(found.locator("[data-say]")).to_contain_text("Your data: 2 pairs")


def test_an_empty_file_is_refused_and_the_old_result_stays(page: Page) -> None:
    found = opened(page)
    choose = found.locator("[name=file]")
    choose.set_input_files({"name": "a.csv", "mimeType": "text/csv", "buffer": PAIRS.encode()})
    expect(field(found, "read")).to_contain_text("2 pairs")
    choose.set_input_files({"name": "b.csv", "mimeType": "text/csv", "buffer": b""})
    expect(found.locator("[data-error]")).to_have_text("The file is empty.")
    expect(field(found, "read")).to_contain_text("2 pairs")


def test_what_is_too_large_is_refused_before_it_is_sent(page: Page) -> None:
    found = opened(page)
    found.locator("textarea").evaluate("area => { area.value = 'x'.repeat(5_000_000); }")
    found.get_by_role("button", name="Compute from my data").click()
    expect(found.locator("[data-error]")).to_contain_text("At most 4,000,000 bytes")


def test_label_smoothing_follows_the_loss_and_the_drawing_too(page: Page) -> None:
    found = opened(page)
    found.locator("[name=loss_type]").select_option("exo_pair")
    expect(found.locator("[name=label_smoothing]")).to_have_value("0.001")
    expect(found.locator("[data-error]")).to_be_hidden()
    expect(page).to_have_url(re.compile("loss_type=exo_pair"))
    expect(found.locator("svg.plot")).to_contain_text("EXO loss")
    found.locator("[name=loss_type]").select_option("kto")
    expect(found.locator("svg.plot .other")).to_have_count(240)
    settled(found)


def test_without_javascript_pasted_pairs_come_back_computed(plain_page: Page) -> None:
    plain_page.goto("/check")
    found = plain_page.locator(f'dpo-widget[name="{NAME}"]')
    found.locator("[data-settings] > summary").click()
    found.locator("textarea").fill(PAIRS)
    found.locator("[name=beta]").fill("0.1")
    found.get_by_role("button", name="Update").click()
    expect(plain_page).to_have_url(re.compile(f"/widgets/{NAME}$"))
    expect(title(found)).to_have_text("Both pairs are ranked as labeled: too few to tell")
    expect(found.locator("svg.wide .pale")).to_have_count(2)
    expect(found.locator("[data-link=receipt]")).to_be_hidden()
    found.locator("[data-details] > summary").click()
    expect(field(found, "read")).to_contain_text("2 pairs, CSV")
    expect(field(found, "margin")).to_have_text("0.58")
    expect(found.locator("textarea")).to_have_value(PAIRS)


def test_without_javascript_a_file_can_be_sent(plain_page: Page, swapped: str) -> None:
    plain_page.goto(f"/widgets/{NAME}")
    found = plain_page.locator(f'dpo-widget[name="{NAME}"]')
    chosen = found.locator("[name=file]")
    expect(chosen).to_be_visible()
    chosen.set_input_files(
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
    found.locator("[data-settings] > summary").click()
    found.locator("textarea").fill(PAIRS.replace("-17.7", "nan"))
    found.get_by_role("button", name="Update").click()
    expect(found.get_by_role("alert")).to_contain_text("line 3, reference_rejected_logps: nan")
    expect(found.locator("[data-readout]")).to_be_hidden()
    # The settings are open, with the text.
    found.locator("textarea").fill("")
    found.locator("[name=example]").select_option("step_zero")
    found.get_by_role("button", name="Update").click()
    expect(plain_page).to_have_url(re.compile(r"\?example=step_zero"))
    expect(outcome(found, "step_zero")).to_have_attribute("data-outcome", "found")
