from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from app.lab.world import the_world
from app.widgets.annotator import MOST, WIDGET, Params, compute, json_lines
from tests.browser.helpers import expect_chart, field, widget

SECTION = "/sections/alignment-problem"
TWELVE = "abbabaabbbab"


def choose(found: Locator, label: str) -> None:
    """Label the pair that is shown, and wait for the next one."""
    before = int(field(found, "labelled").text_content() or "")
    found.locator(f'[data-step="{label}"] button').click()
    expect(field(found, "labelled")).to_have_text(str(before + 1))


def step(found: Locator, name: str) -> Locator:
    return found.get_by_role("button", name=name)


def test_twelve_labels_are_given_aligned_and_downloaded(page: Page, tmp_path: Path) -> None:
    page.goto(f"{SECTION}?prompt=poem")
    found = widget(page, "annotator")
    align = step(found, "Align a model")
    download = found.get_by_role("link", name="Download my labels")
    expect(download).to_be_hidden()
    for place, label in enumerate(TWELVE):
        shown = compute(Params(prompt="poem", labels=TWELVE[:place])).next_pair
        assert shown is not None
        expect(field(found, "next_pair.first")).to_have_text(shown.first)
        expect(field(found, "next_pair.second")).to_have_text(shown.second)
        expect(align).to_be_enabled() if place >= 10 else expect(align).to_be_disabled()
        choose(found, label)
    expect(page).to_have_url(re.compile(rf"\?prompt=poem&labels={TWELVE}$"))
    expected = compute(Params(prompt="poem", labels=TWELVE))
    expect(found.locator(".finding")).to_have_text(expected.finding)
    expect(field(found, "weights.3.mean")).not_to_have_text("0.00")
    expect(found.locator("[data-aligned]")).to_be_hidden()

    align.click()
    aligned = compute(Params(prompt="poem", labels=TWELVE, align="yes"))
    assert aligned.aligned is not None
    expect(found.locator(".finding")).to_have_text(aligned.finding)
    expect(found.locator("[data-aligned]")).to_be_visible()
    expect(page).to_have_url(re.compile(r"align=yes"))
    expect(field(found, "aligned.after.flatters")).to_have_text(
        f"{aligned.aligned.after.flatters:.1%}"
    )
    for slot, phrase in enumerate(aligned.aligned.after.phrases):
        chip = found.locator('[data-phrases="aligned.after.phrases"] .phrase').nth(slot)
        expect(chip).to_contain_text(phrase.text)
        expect(chip).to_have_class(re.compile("gained" if phrase.log_ratio >= 0 else "lost"))
    expect(found.locator("[data-live]")).to_have_text(aligned.finding)

    with page.expect_download() as info:
        download.click()
    assert info.value.suggested_filename == "labels.jsonl"
    info.value.save_as(tmp_path / "labels.jsonl")
    text = (tmp_path / "labels.jsonl").read_text(encoding="utf-8")
    assert text == json_lines(Params(prompt="poem", labels=TWELVE))
    rows = [json.loads(line) for line in text.splitlines()]
    assert len(rows) == 12
    assert all(set(row) == {"prompt", "chosen", "rejected"} for row in rows)

    # With one more label, the model is no longer that of these labels.
    choose(found, "a")
    expect(found.locator("[data-aligned]")).to_be_hidden()
    expect(page).to_have_url(re.compile(rf"labels={TWELVE}a$"))


def test_the_address_brings_labels_and_alignment_back(page: Page) -> None:
    page.goto(f"/widgets/annotator?prompt=poem&labels={TWELVE}&align=yes")
    found = widget(page, "annotator")
    expected = compute(Params(prompt="poem", labels=TWELVE, align="yes"))
    expect(found.locator(".finding")).to_have_text(expected.finding)
    expect_chart(found)
    step(found, "Undo").click()
    expect(field(found, "labelled")).to_have_text("11")
    expect(page).to_have_url(re.compile(rf"labels={TWELVE[:-1]}$"))
    page.reload()
    expect(field(widget(page, "annotator"), "labelled")).to_have_text("11")


def test_undo_shows_the_pair_again_and_start_over_the_first(page: Page) -> None:
    page.goto(SECTION)
    found = widget(page, "annotator")
    expect(step(found, "Undo")).to_be_hidden()
    first = field(found, "next_pair.first").text_content() or ""
    choose(found, "a")
    second = field(found, "next_pair.first").text_content() or ""
    assert first != second
    choose(found, "b")
    step(found, "Undo").click()
    expect(field(found, "next_pair.first")).to_have_text(second)
    step(found, "Start over").click()
    expect(field(found, "next_pair.first")).to_have_text(first)
    # The button that had the focus is gone: the choice has the focus.
    expect(step(found, "Start over")).to_be_hidden()
    expect(found.locator('[data-step="a"] button')).to_be_focused()
    assert "labels" not in page.url


def test_the_keyboard_alone_labels_and_hears_the_next_pair(page: Page) -> None:
    page.goto("/widgets/annotator")
    found = widget(page, "annotator")
    button = found.locator('[data-step="b"] button')
    button.focus()
    expect(button).to_have_accessible_description(
        field(found, "next_pair.second").text_content() or ""
    )
    for place in range(1, 4):
        page.keyboard.press("Enter")
        expect(field(found, "labelled")).to_have_text(str(place))
        expect(button).to_be_focused()
    expected = compute(Params(labels="bbb"))
    assert expected.next_pair is not None
    live = found.locator("[data-live]")
    expect(live).to_contain_text("3 of 30 pairs labelled")
    expect(live).to_contain_text(f"Pair 4. First response: {expected.next_pair.first}")
    expect(live).to_contain_text(f"Second response: {expected.next_pair.second}")


def test_a_double_click_labels_one_pair(page: Page) -> None:
    page.goto("/widgets/annotator")
    found = widget(page, "annotator")
    found.locator('[data-step="a"] button').dblclick()
    expect(field(found, "labelled")).to_have_text("1")
    choose(found, "b")
    expect(page).to_have_url(re.compile(r"labels=ab$"))


def test_another_prompt_begins_anew_and_the_labels_come_back_with_theirs(page: Page) -> None:
    page.goto("/widgets/annotator")
    found = widget(page, "annotator")
    choose(found, "a")
    choose(found, "a")
    found.get_by_label(the_world().prompts[1].text).check()
    expect(field(found, "labelled")).to_have_text("0")
    expect(page).to_have_url(re.compile(r"\?prompt=\w+$"))
    choose(found, "b")
    found.get_by_label(the_world().prompts[0].text).check()
    expect(field(found, "labelled")).to_have_text("2")
    expect(page).to_have_url(re.compile(r"\?labels=aa$"))
    found.locator('[name="sampling_seed"]').fill("5")
    expect(field(found, "labelled")).to_have_text("0")
    expected = compute(Params(sampling_seed=5)).next_pair
    assert expected is not None
    expect(field(found, "next_pair.first")).to_have_text(expected.first)


def test_after_the_last_pair_there_is_no_choice_left_but_to_align(page: Page) -> None:
    labels = ("ab" * MOST)[: MOST - 1]
    page.goto(f"/widgets/annotator?labels={labels}")
    found = widget(page, "annotator")
    choose(found, "a")
    expect(found.locator("[data-choices]")).to_be_hidden()
    expect(step(found, "Align a model")).to_be_focused()
    page.keyboard.press("Enter")
    expect(found.locator("[data-aligned]")).to_be_visible()


@pytest.mark.parametrize("number", range(len(WIDGET.tries)))
def test_a_suggestion_shows_the_judge_that_it_names(page: Page, number: int) -> None:
    page.goto(SECTION)
    found = widget(page, "annotator")
    found.locator("[data-try]").nth(number).click()
    often = ("more often", "less often")[number]
    expect(found.locator(".finding")).to_contain_text(f"would flatter you {often}")
    expect(field(found, "labelled")).to_have_text("20")


def test_without_javascript_labels_are_given_aligned_and_downloaded(plain_page: Page) -> None:
    plain_page.goto(SECTION)
    found = plain_page.locator('dpo-widget[name="annotator"]')
    prompt = the_world().prompts[1]
    found.get_by_label(prompt.text).check()
    found.get_by_role("button", name="Update").click()
    align = step(found, "Align a model")
    for place, label in enumerate(TWELVE):
        expect(field(found, "labelled")).to_have_text(str(place))
        expect(align).to_be_enabled() if place >= 10 else expect(align).to_be_disabled()
        found.locator(f'[data-step="{label}"] button').click()
    step(found, "Undo").click()
    expect(field(found, "labelled")).to_have_text("11")
    align.click()
    labels = TWELVE[:11]
    expected = compute(Params(prompt=prompt.id, labels=labels, align="yes"))
    expect(found.locator(".finding")).to_have_text(expected.finding)
    expect(found.locator("[data-aligned]")).to_be_visible()
    assert SECTION in plain_page.url
    with plain_page.expect_download() as info:
        found.get_by_role("link", name="Download my labels").click()
    text = info.value.path().read_text(encoding="utf-8")
    assert text == json_lines(Params(prompt=prompt.id, labels=labels))
    # Another prompt has other pairs: labels do not carry over.
    found.get_by_label(the_world().prompts[2].text).check()
    found.get_by_role("button", name="Update").click()
    expect(field(found, "labelled")).to_have_text("0")
    expect(step(found, "Start over")).to_be_hidden()
