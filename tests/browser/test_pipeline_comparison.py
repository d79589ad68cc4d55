from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.helpers import field, set_slider, widget


def test_the_slider_moves_the_light_and_changes_no_number(page: Page) -> None:
    page.goto("/sections/dpo-vs-rlhf")
    found = widget(page, "pipeline_comparison")
    before = found.locator("[data-field]").all_text_contents()
    set_slider(found, "view", "100")
    expect(found.locator(".pipelines")).to_have_attribute("data-view", "100")
    assert "view=100" in page.url
    assert found.locator("[data-field]").all_text_contents() == before


def test_a_new_seed_trains_both_pipelines_again(page: Page) -> None:
    page.goto("/widgets/pipeline_comparison")
    found = widget(page, "pipeline_comparison")
    # One rounded figure may be the same for two seeds, but not all four.
    figures = found.locator("[data-field$='.kl'], [data-field$='.true_quality']")
    before = figures.all_text_contents()
    old = found.evaluate_handle("widget => widget.result")
    found.get_by_role("button", name="Train both with a new seed").click()
    page.wait_for_function(
        "([widget, old]) => widget.result !== old",
        arg=[found.element_handle(), old],
    )
    assert figures.all_text_contents() != before
    expect(field(found, "rlhf.models_in_memory")).to_have_text("4")
    expect(field(found, "dpo.models_in_memory")).to_have_text("2")
