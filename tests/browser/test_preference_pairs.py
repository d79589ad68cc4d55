from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

from app.lab.world import the_world
from app.widgets.preference_pairs import PAIRS, Params, Result, compute
from tests.browser.helpers import field, widget

SECTION = "/sections/alignment-problem"
SURPRISE = "Next pair where the coin chose the worse one"


def answer(found: Locator, letter: str) -> Locator:
    return found.locator(f'[data-answer-of="{letter}"]')


def expect_pair(found: Locator, result: Result) -> None:
    """The two answers of a pair, in their places."""
    sides = [result.chosen, result.rejected]
    for letter, side in zip("ab", sides if result.first == "chosen" else sides[::-1], strict=True):
        slots = answer(found, letter).locator(".slot")
        expect(slots).to_have_text([phrase.text for phrase in side.phrases])


def expect_hidden(found: Locator) -> None:
    """Nothing tells which answer the coin chose, nor how the coin is weighted."""
    expect(found.locator("[data-ask]")).to_be_visible()
    expect(found.locator("[data-readout]")).to_be_hidden()
    expect(found.locator(".is-chosen, .is-rejected")).to_have_count(0)
    expect(found.locator("svg:visible .point")).to_have_count(0)
    expect(found.locator("[data-told]")).to_be_hidden()
    label = found.locator("svg.plot").get_attribute("aria-label") or ""
    assert "coin chose" not in label


def test_the_label_and_the_coin_come_after_the_choice_and_go_with_the_pair(page: Page) -> None:
    page.goto(SECTION)
    found = widget(page, "preference_pairs")
    expected = compute(Params())
    expect_pair(found, expected)
    expect_hidden(found)
    answer(found, "a").click()
    readout = found.locator("[data-readout]")
    better = expected.judges.true_quality.margin > 0
    mine = better == (expected.first == "chosen")
    expect(readout).to_contain_text(f"you chose the {'better' if mine else 'worse'} one")
    expect(answer(found, "a")).to_contain_text(
        "chosen by the coin" if expected.first == "chosen" else "rejected"
    )
    expect(found.locator("svg.plot .point")).to_have_count(1)
    expect(page).to_have_url(re.compile(r"\?preference_pairs\.guess=a$"))

    page.reload()
    found = widget(page, "preference_pairs")
    expect(found.locator("[data-readout]")).to_be_visible()
    found.get_by_role("link", name="Next pair", exact=True).click()
    expect(field(found, "pair")).to_have_text("2")
    expect(page).to_have_url(re.compile(r"\?pair=2$"))
    expect_pair(found, compute(Params(pair=2)))
    expect_hidden(found)
    page.keyboard.press("Tab")
    found.get_by_role("button", name="B", exact=True).click()
    expect(found.locator("[data-readout]")).to_be_focused()
    expect(page).to_have_url(re.compile(r"\?pair=2&preference_pairs\.guess=b$"))


def test_next_and_previous_go_around_the_ends_and_two_quick_clicks_are_two_pairs(
    page: Page,
) -> None:
    page.goto(SECTION)
    found = widget(page, "preference_pairs")
    found.get_by_role("link", name="Previous pair").click()
    expect(field(found, "pair")).to_have_text(str(PAIRS))
    expect_pair(found, compute(Params(pair=PAIRS)))
    found.get_by_role("link", name="Next pair", exact=True).dblclick()
    expect(field(found, "pair")).to_have_text("2")


def test_from_a_number_that_is_no_pair_the_links_lead_on_from_the_pair_that_is_shown(
    page: Page,
) -> None:
    page.goto(f"{SECTION}?pair=7")
    found = widget(page, "preference_pairs")
    found.locator("[data-settings] > summary").click()
    for typed, shown in (("500", "8"), ("12.5", "9"), ("", "10")):
        found.locator('[name="pair"]').fill(typed)
        expect(found.locator("[data-error]")).to_be_visible()
        found.get_by_role("link", name="Next pair", exact=True).click()
        expect(field(found, "pair")).to_have_text(shown)
        expect(found.locator("[data-error]")).to_be_hidden()


def test_settings_lead_to_other_pairs_which_are_asked_about_anew(page: Page) -> None:
    page.goto(f"{SECTION}?preference_pairs.guess=b")
    found = widget(page, "preference_pairs")
    found.locator("[data-settings] > summary").click()
    found.locator('[name="split"]').select_option("test")
    expect(page).to_have_url(re.compile(r"\?split=test$"))
    expect_hidden(found)
    found.get_by_role("link", name=SURPRISE).click()
    surprise = compute(Params(split="test")).next_surprise
    expect(field(found, "pair")).to_have_text(str(surprise))
    expect_pair(found, compute(Params(split="test", pair=surprise)))
    answer(found, "b").click()
    expect(found.locator("[data-readout]")).to_contain_text("this coin chose the other")
    expect(found.locator("[data-live]")).to_contain_text("this coin chose the other")


def test_without_javascript_nothing_is_told_before_a_link_has_chosen(plain_page: Page) -> None:
    plain_page.goto(SECTION)
    found = plain_page.locator('dpo-widget[name="preference_pairs"]')
    prompt = the_world().prompts[2]
    found.locator("[data-settings] > summary").click()
    found.locator('[name="prompt"]').select_option(prompt.id)
    found.get_by_role("button", name="Update").click()
    expect_pair(found, compute(Params(prompt=prompt.id)))
    expect_hidden(found)
    answer(found, "b").click()
    assert "preference_pairs.guess=b" in plain_page.url
    expect(found.locator("[data-readout]")).to_contain_text("you chose the")
    expect(found.locator("svg.wide .point")).to_have_count(1)
    found.get_by_role("link", name="Next pair", exact=True).click()
    expect_pair(found, compute(Params(prompt=prompt.id, pair=2)))
    expect_hidden(found)
    assert SECTION in plain_page.url
