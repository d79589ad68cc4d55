"""From a run that is pasted, dropped, chosen or loaded to its findings: laptop, phone, without script."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.layout import expect_no_sideways_scrolling
from tests.browser.test_bring_your_logps import PASTE

HEADER = "policy_chosen_logps,policy_rejected_logps,reference_chosen_logps,reference_rejected_logps"
PAIRS = f"{HEADER},loss,step\n" + "-50,-60,-50,-60,0.9,0\n" * 8

DROP = """(form, text) => {
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File([text], "run.csv", { type: "text/csv" }));
    const about = { dataTransfer, bubbles: true, cancelable: true };
    const taken = !form.dispatchEvent(new DragEvent("dragover", about));
    form.dispatchEvent(new DragEvent("drop", about));
    return taken;
}"""


def test_what_is_pasted_dropped_or_changed_is_checked_in_place(
    page: Page, faults: list[str]
) -> None:
    faults += ["422"]
    page.emulate_media(reduced_motion="reduce")
    page.goto("/check")
    form, report = page.locator("form[data-check]"), page.locator("#report")
    text, title = form.locator("[name=text]"), report.locator("h2")
    expect(report).to_be_hidden()
    text.evaluate(PASTE, PAIRS)
    expect(title).to_contain_text("found")
    expect(report.locator("article[data-finding=step_zero]")).to_contain_text("0.9")
    expect(page.locator("p[data-live]").first).to_have_text(title.text_content() or "")
    expect(title).to_be_in_viewport()

    # The figure of pairs takes the same run.
    report.get_by_role("button", name="See these pairs one by one").click()
    figure = page.locator("dpo-widget[name=bring_your_logps]")
    expect(figure.locator("[data-say]")).to_contain_text("Your data: 8 pairs")

    # Another loss: the same run is checked again.
    form.locator("[name=beta]").fill("0.3")
    form.locator("[name=beta]").blur()
    expect(report.locator(".check-read")).to_contain_text("β = 0.3")

    # What is refused says why, and the report of before stays.
    form.locator("[name=beta]").fill("-1")
    expect(page.locator("[data-old]")).to_be_visible()
    form.get_by_role("button", name="Check", exact=True).click()
    expect(form.get_by_role("alert")).to_contain_text("β: Input should be greater than 0")
    form.get_by_role("alert").get_by_role("link", name="β").click()
    expect(form.locator("[name=beta]")).to_be_focused()
    expect(form.locator("[name=beta]")).to_have_attribute("aria-invalid", "true")
    expect(title).to_be_visible()
    form.locator("[name=beta]").fill("")
    text.evaluate("element => { element.value = '' }")
    text.evaluate(PASTE, f"{HEADER}\n-1,-1,x,-1\n")
    expect(form.get_by_role("alert")).to_contain_text("line 2")

    # A dropped file takes the place of the text.
    assert form.evaluate(DROP, PAIRS)
    expect(form.locator("[data-file-name]")).to_have_text("run.csv")
    expect(form.get_by_role("alert")).to_be_hidden()
    expect(text).to_have_value("")
    expect(title).to_contain_text("found")
    expect(report).not_to_have_attribute("aria-busy", "true")
    expect(page.locator("[data-old]")).to_be_hidden()

    # What is removed does not come back with the answer to a check that was under way.
    page.route("**/check/report", lambda _: None)
    form.locator("[name=beta]").fill("0.2")
    with page.expect_request("**/check/report"):
        form.get_by_role("button", name="Check", exact=True).click()
    with page.expect_event("requestfailed"):
        form.get_by_role("button", name="Remove my data").click()
    expect(report).to_be_hidden()
    expect(report).not_to_have_attribute("aria-busy", "true")
    expect(text).to_be_focused()
    form.get_by_role("button", name="Check", exact=True).click()
    expect(form.get_by_role("alert")).to_contain_text("first")


def test_keys_go_on_from_the_report(page: Page) -> None:
    page.goto("/check")
    page.locator("form[data-check] [name=text]").fill(PAIRS)
    page.get_by_role("button", name="Check", exact=True).press("Enter")
    expect(page.locator("#report h2")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.locator("#report .found-list a").first).to_be_focused()


def test_an_example_leads_to_its_report_and_on_to_a_figure(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.emulate_media(reduced_motion="reduce")
    page.goto("/check")
    page.get_by_role("link", name="reference has its columns exchanged").click()
    expect(page).to_have_url(re.compile(r"\?run=reference_swapped#report$"))
    report = page.locator("#report")
    expect(report.locator("h2")).to_be_in_viewport()
    expect_no_sideways_scrolling(page)
    found = report.locator("article[data-finding]").first
    expect(found).to_be_visible()
    # A reader changes what is there and checks again: the address no longer says the example.
    page.locator("form[data-check] [name=beta]").fill("0.2")
    page.get_by_role("button", name="Check", exact=True).click()
    expect(report.locator(".check-read")).to_contain_text("β = 0.2")
    expect(page).to_have_url(re.compile(r"/check$"))
    report.get_by_role("link", name="See it in a figure").first.click()
    expect(page.locator("dpo-widget")).to_be_visible()


def test_without_script_the_form_does_the_same(plain_page: Page) -> None:
    plain_page.goto("/check")
    plain_page.locator("[name=file]").first.set_input_files(
        {"name": "run.csv", "mimeType": "text/csv", "buffer": PAIRS.encode()}
    )
    plain_page.locator("#check-loss_type").select_option("hinge")
    plain_page.get_by_role("button", name="Check", exact=True).click()
    expect(plain_page).to_have_url(re.compile(r"/check#report$"))
    expect(plain_page.locator("#report h2")).to_contain_text("found")
    expect(plain_page.locator("#report .check-read")).to_contain_text("loss hinge")
    expect(plain_page.locator("#check-loss_type")).to_have_value("hinge")


def test_without_script_what_is_refused_leads_to_its_field(
    plain_page: Page, faults: list[str]
) -> None:
    faults += ["422"]
    plain_page.goto("/check")
    plain_page.locator("#check-text").fill(PAIRS)
    plain_page.locator("#check-beta").fill("-1")
    plain_page.get_by_role("button", name="Check", exact=True).click()
    refused = plain_page.locator("#report")
    expect(refused).to_be_in_viewport()
    expect(refused.locator("li")).to_contain_text("β: Input should be greater than 0")
    refused.get_by_role("link", name="β").click()
    beta = plain_page.locator("#check-beta")
    expect(beta).to_be_in_viewport()
    expect(beta).to_have_attribute("aria-invalid", "true")
    expect(plain_page.locator("#check-text")).to_have_value(PAIRS)
