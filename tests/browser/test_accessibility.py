"""axe-core on every widget after it was used, and after its server has failed."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from app.widgets.registry import WIDGETS
from tests.browser.accessibility import PATIENCE, axe_finds, expect_drawn, open_details
from tests.browser.helpers import widget


def follow_a_suggestion(found: Locator) -> None:
    found.locator("[data-try]").last.click()


def run_ppo(found: Locator) -> None:
    found.locator('[name="iterations"]').fill("10")
    found.get_by_role("button", name="Run this seed").click()


def put_one_side_in_the_shade(found: Locator) -> None:
    follow_a_suggestion(found)
    found.locator('[data-range-for="view"]').fill("0")


USES: dict[str, Callable[[Locator], None]] = {
    "ppo_dynamics": run_ppo,
    "pipeline_comparison": put_one_side_in_the_shade,
}


@pytest.mark.parametrize("name", WIDGETS)
def test_axe_finds_nothing_on_a_widget_that_was_used_and_then_failed(
    page: Page, faults: list[str], name: str
) -> None:
    page.emulate_media(reduced_motion="reduce", color_scheme="light")
    page.set_default_timeout(PATIENCE)
    page.goto(f"/widgets/{name}")
    found = widget(page, name)
    element = found.element_handle()
    before = found.evaluate_handle("widget => widget.result")
    USES.get(name, follow_a_suggestion)(found)
    page.wait_for_function("([widget, old]) => widget.result !== old", arg=[element, before])
    expect_drawn(page)
    open_details(page)
    assert axe_finds(page) == []

    faults.append("Failed to load resource")
    page.route("**/api/v1/**", lambda route: route.abort())
    found.evaluate("widget => widget.submit()")
    # A stream is opened again a few times before its widget gives up.
    expect(found.locator("[data-error]")).to_contain_text("server", timeout=PATIENCE)
    page.emulate_media(color_scheme="dark")
    assert axe_finds(page) == []
