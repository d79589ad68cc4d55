from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

from app.formatting import significant
from app.lab.world import the_world
from app.widgets.preference_pairs import PAIRS, Params, compute
from tests.browser.helpers import expect_chart, field, widget

SECTION = "/sections/alignment-problem"
SURPRISE = "Next pair where the coin chose the worse one"


def phrases(found: Locator, side: str) -> list[str]:
    return [
        field(found, f"{side}.phrases.{slot}.text").text_content() or ""
        for slot in range(len(the_world().slots))
    ]


def test_a_click_on_each_prompt_shows_its_pairs(page: Page) -> None:
    page.goto(SECTION)
    found = widget(page, "preference_pairs")
    for prompt in reversed(the_world().prompts):
        found.get_by_label(prompt.text).check()
        expect(field(found, "prompt")).to_have_text(prompt.text)
        expected = compute(Params(prompt=prompt.id))
        expect(found.locator(".finding")).to_have_text(expected.finding)
        assert " ".join(phrases(found, "chosen")) == expected.chosen.text
        assert " ".join(phrases(found, "rejected")) == expected.rejected.text
    assert "prompt" not in page.url  # the first one is the default


def test_next_and_previous_step_through_the_pairs_and_around_their_ends(page: Page) -> None:
    page.goto(SECTION)
    found = widget(page, "preference_pairs")
    found.get_by_role("link", name="Next pair", exact=True).click()
    expect(field(found, "pair")).to_have_text("2")
    expect(page).to_have_url(re.compile(r"\?pair=2$"))
    expect(found.locator('[name="pair"]')).to_have_value("2")
    previous = found.get_by_role("link", name="Previous pair")
    previous.click()
    expect(field(found, "pair")).to_have_text("1")
    previous.click()
    expect(field(found, "pair")).to_have_text(str(PAIRS))
    expected = compute(Params(pair=PAIRS))
    assert " ".join(phrases(found, "chosen")) == expected.chosen.text


def test_two_quick_clicks_are_two_pairs_further(page: Page) -> None:
    page.goto(SECTION)
    found = widget(page, "preference_pairs")
    found.get_by_role("link", name="Next pair", exact=True).dblclick()
    expect(field(found, "pair")).to_have_text("3")


def test_the_next_surprise_is_found_and_said(page: Page) -> None:
    page.goto(f"{SECTION}?prompt=gravity")
    found = widget(page, "preference_pairs")
    first = compute(Params(prompt="gravity")).next_surprise
    second = compute(Params(prompt="gravity", pair=first)).next_surprise
    for pair in (first, second):
        found.get_by_role("link", name=SURPRISE).click()
        expect(field(found, "pair")).to_have_text(str(pair))
        expect(found.locator(".finding")).to_contain_text("chose the worse response")
        expect(found.locator("[data-live]")).to_contain_text("chose the worse response")
    assert f"pair={second}" in page.url


def test_links_can_be_opened_in_a_new_tab(page: Page) -> None:
    page.goto(SECTION)
    found = widget(page, "preference_pairs")
    found.get_by_label("held out").check()
    found.locator('[name="pair"]').fill("7")
    expect(field(found, "pair")).to_have_text("7")
    address = found.get_by_role("link", name="Next pair", exact=True).get_attribute("href") or ""
    page.goto(address)
    expected = compute(Params(split="test", pair=8))
    found = widget(page, "preference_pairs")
    expect(found.locator(".finding")).to_have_text(expected.finding)
    expect(found.get_by_label("held out")).to_be_checked()


def test_chips_say_which_phrases_became_more_likely(page: Page) -> None:
    page.goto(f"{SECTION}?prompt=poem&pair=5")
    found = widget(page, "preference_pairs")
    found.get_by_role("link", name="Next pair", exact=True).click()
    expect(field(found, "pair")).to_have_text("6")
    expected = compute(Params(prompt="poem", pair=6))
    for side, scored in (("chosen", expected.chosen), ("rejected", expected.rejected)):
        chips = found.locator(f'[data-phrases="{side}.phrases"] .phrase')
        for slot, phrase in enumerate(scored.phrases):
            gained = "gained" if phrase.log_ratio >= 0 else "lost"
            expect(chips.nth(slot)).to_have_class(re.compile(rf"\b{gained}\b"))
            sign = "−" if phrase.log_ratio < -0.005 else ""
            expect(chips.nth(slot)).to_contain_text(f"{sign}{abs(phrase.log_ratio):.2f}")


def test_the_chart_shows_the_margins_and_its_table_holds_them(page: Page) -> None:
    page.goto(SECTION)
    found = widget(page, "preference_pairs")
    chart = expect_chart(found)
    expect(chart.locator(".bartext")).to_have_count(3)
    found.get_by_role("link", name=SURPRISE).click()
    expected = compute(Params(pair=compute(Params()).next_surprise))
    row = found.locator('[data-table="figure"] tbody tr', has_text="true quality")
    expect(row.locator("td")).to_have_text(significant(expected.judges.true_quality.margin))
    expect(chart).to_have_attribute("aria-label", re.compile("chose the worse response"))


def test_without_javascript_everything_can_be_reached(plain_page: Page) -> None:
    plain_page.goto(SECTION)
    found = plain_page.locator('dpo-widget[name="preference_pairs"]')
    prompt = the_world().prompts[2]
    found.get_by_label(prompt.text).check()
    found.get_by_role("button", name="Update").click()
    expect(found.locator('[data-field="prompt"]')).to_have_text(prompt.text)
    found.get_by_role("link", name="Next pair", exact=True).click()
    expect(found.locator('[data-field="pair"]').first).to_have_text("2")
    expect(found.locator('[data-field="prompt"]')).to_have_text(prompt.text)
    found.get_by_role("link", name=SURPRISE).click()
    expected = compute(
        Params(prompt=prompt.id, pair=compute(Params(prompt=prompt.id, pair=2)).next_surprise)
    )
    expect(found.locator(".finding")).to_have_text(expected.finding)
    found.get_by_text("Phrase by phrase").click()
    total = found.locator(".phrase-table .sum").first
    expect(total).to_contain_text(f"{-expected.chosen.reference_logp:.3f}")
    assert SECTION in plain_page.url
