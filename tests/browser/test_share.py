"""The panel for sharing a state, and the page for configuring an embed."""

from __future__ import annotations

import html
import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.accessibility import SCHEMES, axe_finds, visit
from tests.browser.helpers import widget
from tests.browser.layout import expect_no_sideways_scrolling

# ---- sharing -------------------------------------------------------------------------------


def test_the_dialog_has_the_snippets_of_the_present_state_and_copies_them(page: Page) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto("/widgets/dpo_loss?lock=beta")
    found = widget(page, "dpo_loss")
    found.locator('[data-range-for="logratio_chosen"]').fill("2.5")
    found.get_by_role("link", name="Share").click()
    dialog = page.get_by_role("dialog", name="Share")
    query = "?logratio_chosen=2.5&lock=beta"
    expected = page.request.get(f"/api/v1/embeds/dpo_loss{query}").json()
    del expected["height"]
    for part, text in expected.items():
        box = dialog.locator(f"[data-share={part}]")
        expect(box).to_have_text(text, use_inner_text=True)
        button = (
            dialog.locator("section")
            .filter(has=page.locator(f"[data-share={part}]"))
            .get_by_role("button")
        )
        button.click()
        expect(button).to_have_text("Copied")
        assert page.evaluate("navigator.clipboard.readText()") == text
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(found.get_by_role("link", name="Share")).to_be_focused()


def test_a_copy_that_is_not_allowed_is_selected_instead(page: Page) -> None:
    page.goto("/widgets/dpo_loss")
    found = widget(page, "dpo_loss")
    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error()); }")
    found.get_by_role("link", name="Share").click()
    dialog = page.get_by_role("dialog", name="Share")
    dialog.get_by_role("button", name="Copy: Link").click()
    expect(dialog.get_by_role("button", name="Selected")).to_be_visible()
    assert (
        page.evaluate("getSelection().toString()").strip()
        == dialog.locator("[data-share=link]").inner_text()
    )


def test_without_a_script_sharing_is_a_page(plain_page: Page) -> None:
    plain_page.goto("/widgets/reward_separation?reward_chosen=2&theme=dark")
    plain_page.get_by_role("link", name="Share").click()
    expect(plain_page.get_by_role("heading", name="Share")).to_be_visible()
    link = plain_page.locator("[data-share=link]").inner_text()
    assert link.endswith("/widgets/reward_separation?reward_chosen=2&theme=dark")
    plain_page.get_by_role("link", name="configure it").click()
    expect(plain_page.get_by_label("Theme")).to_have_value("dark")


# ---- the page for teachers -----------------------------------------------------------------


def test_the_page_to_choose_previews_and_gives_what_was_set(page: Page) -> None:
    page.goto("/embed")
    page.locator("#embed-widget").select_option("beta_effect")
    expect(page).to_have_url(re.compile("widget=beta_effect"))
    page.locator("form[data-configure] [name=beta]").fill("0.2")
    page.get_by_role("checkbox", name="Lock β").check()
    page.get_by_role("checkbox", name="the numbered steps").check()
    page.get_by_label("Theme").select_option("dark")
    wanted = "/widgets/beta_effect?beta=0.2&hide=steps&lock=beta&theme=dark"
    expect(page.locator("[data-share=link]")).to_have_text(re.compile(re.escape(wanted) + "$"))
    preview = page.locator("[data-preview]").content_frame
    expect(preview.locator("html")).to_have_attribute("data-theme", "dark")
    expect(preview.locator("[name=beta]")).to_have_attribute("readonly", "")
    expect(preview.locator("[data-step]:visible")).to_have_count(0)
    page.reload()
    expect(page.locator("[data-share=link]")).to_have_text(re.compile(re.escape(wanted) + "$"))
    expect(page.get_by_role("checkbox", name="Lock β")).to_be_checked()


def test_the_page_to_choose_works_without_a_script(plain_page: Page) -> None:
    plain_page.goto("/embed")
    plain_page.locator("#embed-widget").select_option("reward_separation")
    plain_page.get_by_role("button", name="Choose").click()
    plain_page.locator("[name=reward_chosen]").fill("2")
    plain_page.get_by_role("checkbox", name="Hide").first.check()
    plain_page.get_by_role("checkbox", name="the numbered steps").check()
    plain_page.get_by_role("button", name="Update").click()
    link = plain_page.locator("[data-share=link]").inner_text()
    assert link.endswith("/widgets/reward_separation?reward_chosen=2&hide=reward_chosen,steps")
    assert html.unescape(plain_page.locator("[data-share=iframe]").inner_text()).count(link) == 1


@pytest.mark.parametrize(
    "path", ["/embed?widget=beta_effect", "/widgets/dpo_loss/share", "dialog", "locked"]
)
def test_axe_finds_nothing_and_nothing_scrolls_sideways(page: Page, path: str) -> None:
    if path == "dialog":
        visit(page, "/widgets/dpo_loss")
        widget(page, "dpo_loss").get_by_role("link", name="Share").click()
        expect(page.locator("[data-share=reveal]")).to_be_visible()
    elif path == "locked":
        visit(page, "/widgets/beta_effect?lock=beta,reward,prompt&hide=steps")
    else:
        page.goto(path)
        expect(page.get_by_role("button", name="Copy: Link")).to_be_visible()
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        page.set_viewport_size({"width": 1280 if scheme == "light" else 320, "height": 700})
        expect_no_sideways_scrolling(page)
        assert axe_finds(page) == [], scheme
