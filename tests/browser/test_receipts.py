from __future__ import annotations

import json
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.accessibility import SCHEMES, axe_finds, visit
from tests.browser.helpers import field, widget


def test_a_number_opens_its_receipt(page: Page) -> None:
    page.goto("/widgets/beta_effect?beta=0.2")
    found = widget(page, "beta_effect")
    found.locator("[data-details] > summary").click()
    field(found, "log_partition").click()
    dialog = page.get_by_role("dialog", name="Receipt")
    answer = page.request.get("/api/v1/beta_effect?beta=0.2").json()
    number = f"log_partition = {answer['log_partition']}"[:20]
    expect(dialog.locator(".receipt-number")).to_contain_text(number)
    expect(dialog.locator("[data-receipt=url]")).to_contain_text("/api/v1/beta_effect?beta=0.2")
    expect(dialog.locator("[data-receipt=curl]")).to_contain_text("curl -s")
    expect(dialog.locator("[data-receipt=snippet]")).to_contain_text("torch.logsumexp")
    shown: Any = json.loads(dialog.locator("[data-receipt=json]").text_content() or "")
    assert shown["kl"] == answer["kl"]
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()


def test_a_number_of_a_table_opens_the_receipt_too(page: Page) -> None:
    page.goto("/widgets/win_rates")
    found = widget(page, "win_rates")
    found.locator("[data-details] > summary").click()
    found.locator("[data-tables] td", has_text="points").first.click()
    dialog = page.get_by_role("dialog", name="Receipt")
    expect(dialog.locator("[data-receipt=snippet]")).to_contain_text("wins")


def test_the_receipt_follows_the_controls_and_is_reached_by_keyboard(page: Page) -> None:
    page.goto("/widgets/reward_separation")
    found = widget(page, "reward_separation")
    found.locator('[data-range-for="reward_chosen"]').fill("2.5")
    link = found.get_by_role("link", name="Receipt")
    expect(link).to_have_attribute("href", "/widgets/reward_separation/receipt?reward_chosen=2.5")
    link.focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Receipt")
    expect(dialog.locator("[data-receipt=snippet]")).to_contain_text("[2.5, ")
    expect(dialog.get_by_role("button", name="Close")).to_be_focused()
    page.keyboard.press("Enter")
    expect(dialog).to_be_hidden()
    expect(link).to_be_focused()


def test_a_part_is_copied(page: Page) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto("/widgets/dpo_loss")
    widget(page, "dpo_loss").get_by_role("link", name="Receipt").click()
    dialog = page.get_by_role("dialog", name="Receipt")
    dialog.get_by_role("button", name="Copy").nth(1).click()
    expect(dialog.get_by_role("button", name="Copied")).to_be_visible()
    assert str(page.evaluate("navigator.clipboard.readText()")).startswith("curl -s ")


def test_the_dialog_has_no_fault_that_axe_knows(page: Page) -> None:
    visit(page, "/widgets/dpo_loss")
    widget(page, "dpo_loss").get_by_role("link", name="Receipt").click()
    expect(page.locator("[data-receipt=json]")).to_be_visible()
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        assert axe_finds(page) == [], scheme


def test_without_a_script_the_receipt_is_a_page(plain_page: Page) -> None:
    plain_page.goto("/widgets/reward_separation?reward_chosen=2")
    plain_page.get_by_role("link", name="Receipt").click()
    expect(plain_page.get_by_role("heading", name="Receipt")).to_be_visible()
    expect(plain_page.get_by_label("Python that computes")).to_contain_text("[2.0, ")
    expect(plain_page.get_by_label("The request for a shell")).to_contain_text("reward_chosen=2")
