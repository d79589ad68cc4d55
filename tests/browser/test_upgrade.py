"""A page that was opened before an upgrade: its modules are no longer where it looks for them."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, Request, expect

from tests.browser.helpers import widget

SAYS = re.compile(r"may have been updated.*Reload the page$")


def reload_button(found: Locator) -> Locator:
    return found.locator("[data-error]").get_by_role("button", name="Reload the page")


def test_a_part_that_is_gone_is_told_of_and_reloading_helps(page: Page, faults: list[str]) -> None:
    faults += ["404 (Not Found)", "Failed to fetch dynamically imported module"]
    opened: list[Request] = []
    page.on(
        "request", lambda asked: opened.append(asked) if asked.is_navigation_request() else None
    )
    page.route(
        "**/static/*/widgets/dpo_loss.js",
        lambda route: route.fulfill(status=404) if len(opened) == 1 else route.continue_(),
    )
    page.goto("/widgets/dpo_loss?loss_type=ipo")
    found = page.locator("dpo-widget")
    expect(found.locator("[data-error]")).to_have_text(SAYS)
    # A result that arrives another way does not clear the message.
    found.locator("[data-settings] > summary").click()
    with page.expect_response("**/dpo_loss/answer?*"):
        found.locator('[name="beta"]').fill("0.3")
    expect(found.locator("[data-core]")).to_have_attribute("aria-busy", "false")
    expect(reload_button(found)).to_be_visible()
    reload_button(found).click()
    widget(page, "dpo_loss")
    expect(found.locator("[data-error]")).to_be_hidden()
    expect(found.locator('[name="beta"]')).to_have_value("0.3")


@pytest.mark.parametrize(
    ("gone", "opens"),
    [
        ("share.js", lambda found: found.locator("[data-link=share]")),
        ("receipt.js", lambda found: found.locator("[data-link=receipt]")),
        ("stream.js", lambda found: found.get_by_role("button", name="New seed")),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_loaded_later_is_told_of_too(
    page: Page, faults: list[str], gone: str, opens: object
) -> None:
    faults += ["404 (Not Found)"]
    page.route(f"**/static/*/{gone}", lambda route: route.fulfill(status=404))
    page.goto("/widgets/ppo_dynamics?iterations=10")
    found = widget(page, "ppo_dynamics")
    found.locator("[data-settings] > summary").click()
    opens(found).click()  # type: ignore[operator]
    expect(found.locator("[data-error]")).to_have_text(SAYS)
    expect(found.locator("[data-core]")).not_to_have_attribute("aria-busy", "true")
