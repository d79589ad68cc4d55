"""Locked, hidden and themed controls stay so, with and without JavaScript."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from app.widgets.registry import WIDGETS
from tests.browser.helpers import widget


def test_flags_stay_while_the_reader_changes_what_is_free(page: Page) -> None:
    page.goto("/widgets/beta_effect?beta=0.2&lock=beta&hide=reward,steps&theme=dark")
    found = widget(page, "beta_effect")
    expect(found.locator("[name=reward]").first).to_be_hidden()
    expect(found.locator("[data-range-for=beta]")).to_be_disabled()
    found.locator("[data-settings] > summary").click()
    found.locator("[name=prompt]").select_option("poem")
    for kept in ("prompt=poem", "beta=0.2", "lock=beta", "hide=reward%2Csteps", "theme=dark"):
        expect(page).to_have_url(re.compile(re.escape(kept)))
        expect(found.locator("[data-link=share]")).to_have_attribute(
            "href", re.compile(re.escape(kept))
        )
    expect(found.locator("[data-link=api]")).to_have_attribute(
        "href", "/api/v1/beta_effect?beta=0.2&prompt=poem"
    )
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(page.locator("[name=prompt]")).to_have_value("poem")


def test_a_locked_choice_can_not_be_changed_by_keys_or_suggestions(page: Page) -> None:
    page.goto("/widgets/dpo_loss?loss_type=ipo&lock=loss_type&beta=0.5")
    found = widget(page, "dpo_loss")
    found.locator("[data-settings] > summary").click()
    found.locator("[name=loss_type]").focus()
    for _ in range(3):
        page.keyboard.press("ArrowDown")
    expect(found.locator("[name=loss_type]")).to_have_value("ipo")
    found.locator("[data-step]").first.click()
    expect(found.locator("[name=loss_type]")).to_have_value("ipo")
    expect(page).to_have_url(re.compile("loss_type=ipo"))


def test_the_theme_of_the_address_wins_over_what_the_reader_chose(page: Page) -> None:
    page.goto("/")
    page.evaluate("localStorage.setItem('theme', 'light')")
    page.goto("/widgets/dpo_loss?theme=dark")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.goto("/widgets/dpo_loss")
    expect(page.locator("html")).to_have_attribute("data-theme", "light")


def test_flags_stay_without_a_script(plain_page: Page) -> None:
    plain_page.goto("/widgets/beta_effect?beta=0.2&lock=beta&hide=steps&theme=dark")
    plain_page.locator("[data-settings] > summary").click()
    plain_page.get_by_label("Prompt").select_option("poem")
    plain_page.get_by_role("button", name="Update").click()
    for kept in ("prompt=poem", "beta=0.2", "lock=beta", "hide=steps", "theme=dark"):
        expect(plain_page).to_have_url(re.compile(re.escape(kept)))
    expect(plain_page.locator("html")).to_have_attribute("data-theme", "dark")


SHOWN = """(widget) => [
    ...["[data-title]", "[data-say]", "[data-readout]", "[data-ask]"].map((part) => {
        const found = widget.querySelector(part);
        return found && !found.hidden && found.textContent.replace(/\\s+/g, " ").trim();
    }),
    widget.querySelector("[data-at-range]")?.value,
]"""


@pytest.mark.parametrize(
    "name", [n for n, w in WIDGETS.items() if w.steps and not w.trains(w.params())]
)
def test_a_page_without_steps_shows_the_same_state(page: Page, plain_page: Page, name: str) -> None:
    shown = []
    for query in ("", "?hide=steps"):
        page.goto(f"/widgets/{name}{query}")
        found = widget(page, name)
        shown.append(found.evaluate(SHOWN))
        plain_page.goto(f"/widgets/{name}{query}")
        shown.append(plain_page.locator("dpo-widget").evaluate(SHOWN))
        expect(plain_page.locator(".fig-steps:visible")).to_have_count(0 if query else 1)
    assert shown == [shown[0]] * 4
