from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.helpers import expect_chart, field, record_texts, widget


def test_a_run_is_watched_to_its_end(page: Page) -> None:
    page.goto("/sections/ppo-problem?iterations=60&seed=3")
    found = widget(page, "ppo_dynamics")
    expect_chart(found)
    # One figure alone may be the same for two seeds.
    before = found.locator("[data-field]").all_text_contents()
    shown = record_texts(found, "[data-run-text]")
    found.get_by_role("button", name="Run with a new seed").click()
    expect(found.locator("[data-run-text]")).to_have_text("60 of 60 iterations", timeout=60_000)
    # It is drawn while it goes on, not only at the end.
    assert any(re.match(r"([1-9]|[1-5]\d) of 60", text) for text in shown.json_value())
    expect(found.locator(".widget-body")).to_have_attribute("aria-busy", "false")
    expect(found.locator(".finding")).to_contain_text("After 60 iterations")
    assert found.locator("[data-field]").all_text_contents() != before
    seed = found.locator('[name="seed"]').input_value()
    assert seed != "3"
    assert f"seed={seed}" in page.url


def test_the_address_of_a_run_shows_the_same_run(page: Page) -> None:
    page.goto("/widgets/ppo_dynamics?iterations=20&seed=41")
    found = widget(page, "ppo_dynamics")
    shown = field(found, "last.kl").text_content()
    found.get_by_role("button", name="Run this seed").click()
    expect(found.locator("[data-live]")).to_contain_text("After 20 iterations")
    expect(field(found, "last.kl")).to_have_text(shown or "")


def test_reset_goes_back_to_the_reference_policy(page: Page) -> None:
    page.goto("/widgets/ppo_dynamics?iterations=20")
    found = widget(page, "ppo_dynamics")
    found.get_by_role("button", name="Reset").click()
    expect(found.locator("[data-run-text]")).to_have_text("0 of 20 iterations")
    expect(field(found, "last.kl")).to_have_text("0.00")
    expect(field(found, "last.true_quality")).to_have_text("0.00")


def test_reset_during_a_run_ends_it(page: Page) -> None:
    page.goto("/widgets/ppo_dynamics?iterations=10")
    found = widget(page, "ppo_dynamics")
    found.locator('[name="iterations"]').fill("400")
    found.get_by_role("button", name="Run with a new seed").click()
    expect(found.locator("[data-run-text]")).to_have_text(re.compile(r"^\d+ of 400"))
    found.get_by_role("button", name="Reset").click()
    expect(found.locator("[data-run-text]")).to_have_text("0 of 400 iterations")
    expect(found.locator(".widget-body")).to_have_attribute("aria-busy", "false")


def test_a_broken_stream_says_so_and_how_to_go_on(page: Page, faults: list[str]) -> None:
    faults.append("Failed to load resource")
    page.route("**/api/v1/ppo_dynamics/stream*", lambda route: route.abort())
    page.goto("/widgets/ppo_dynamics?iterations=10")
    found = widget(page, "ppo_dynamics")
    found.get_by_role("button", name="Run with a new seed").click()
    expect(found.locator("[data-error]")).to_contain_text("cut off", timeout=30_000)
