"""An answer counts once, wherever on the site it is given."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from app.widgets.quiz import QUESTIONS
from app.widgets.quiz.sheet import number_problem
from tests.browser.helpers import widget
from tests.browser.sheets import question, readout, tally

SECTION = "/sections/reward-modeling"
WHOLE = "/widgets/quiz"


def opened(page: Page, address: str) -> Locator:
    page.goto(address)
    return widget(page, "quiz")


def verdict(found: Locator, name: str) -> Locator:
    return found.locator(f'[data-question="{name}"]')


def right(name: str, seed: int = 0) -> str:
    return f"{number_problem(QUESTIONS[name], seed).value:.3g}"  # type: ignore[arg-type]


def test_an_answer_counts_in_its_section_and_in_the_whole_quiz(page: Page) -> None:
    found = opened(page, SECTION)
    question(found, "q_offset").get_by_label("They stay the same").check()
    expect(readout(found)).to_contain_text("Right. Only the difference")
    expect(found.locator("[data-where]")).to_have_text("Question 2 of 2")
    expect(tally(found)).to_have_text("1 right of 1")
    question(found, "q_preference").get_by_role("textbox").fill("0.3")
    page.keyboard.press("Enter")
    expect(tally(found)).to_have_text("1 right of 2")
    found.get_by_role("button", name="Next").click()
    found.get_by_role("button", name="Result").click()
    expect(found.locator('[data-field="finding"]')).to_have_text("1 right of 2 answered.")

    # Another sheet has other numbers, and the same options. What an address says is shown.
    found = opened(page, WHOLE)
    expect(tally(found)).to_have_text("1 right of 2")
    expect(found.locator("[data-live]")).to_be_empty()
    found = opened(page, f"{WHOLE}?seed=3")
    expect(tally(found)).to_have_text("1 right of 1")
    found = opened(page, f"{WHOLE}?q_offset=rise")
    expect(tally(found)).to_have_text("0 right of 2")
    expect(verdict(found, "q_offset").locator("input:checked")).to_have_value("rise")

    found = opened(page, "/sections/bigger-picture")
    expect(tally(found)).to_have_text("1 right of 2")
    question(found, "q_pair").get_by_label("once").check()
    expect(tally(found)).to_have_text("2 right of 3")
    found = opened(page, "/sections/alignment-problem")
    expect(verdict(found, "q_pair")).to_have_attribute("data-verdict", "right")
    expect(tally(found)).to_have_text("1 right of 1")
    found.locator("[data-details]").evaluate("(details) => { details.open = true; }")
    found.get_by_role("button", name="Clear answers").click()
    expect(tally(found)).to_have_text("your result")
    expect(page).to_have_url(re.compile("/sections/alignment-problem$"))
    expect(tally(opened(page, WHOLE))).to_have_text("1 right of 2")


def test_choices_stay_answered_on_another_sheet_and_numbers_come_back_with_theirs(
    page: Page,
) -> None:
    found = opened(page, WHOLE)
    question(found, "q_offset").get_by_label("They stay the same").check()
    expect(tally(found)).to_have_text("1 right of 1")
    box = question(found, "q_preference").get_by_role("textbox")
    box.fill(right("q_preference"))
    box.press("Enter")
    expect(tally(found)).to_have_text("2 right of 2")
    found.locator("[data-settings] > summary").click()
    for seed, told in (("5", "1 right of 1"), ("0", "2 right of 2")):
        found.locator('[name="seed"]').fill(seed)
        found.locator('[name="seed"]').press("Enter")
        expect(tally(found)).to_have_text(told)
    found.locator('[name="seed"]').fill("5")
    found.locator('[name="seed"]').press("Enter")
    expect(tally(found)).to_have_text("1 right of 1")
    expect(found.locator('[name="q_preference"]')).to_have_value("")
    expect(tally(opened(page, SECTION))).to_have_text("2 right of 2")


def test_a_quiz_opens_at_the_first_open_question_unless_its_address_names_one(page: Page) -> None:
    found = opened(page, "/sections/alignment-problem")
    question(found, "q_pair").get_by_label("once").check()
    expect(tally(found)).to_have_text("1 right of 1")
    for address, number in (
        ("/sections/alignment-problem", 2),
        ("/sections/alignment-problem?quiz.at=1", 1),
        (WHOLE, 1),
        (f"{WHOLE}?at=3", 3),
    ):
        found = opened(page, address)
        expect(tally(found)).to_have_text("1 right of 1")
        expect(found.locator("[data-where]")).to_contain_text(f"Question {number} of")


@pytest.mark.parametrize("late", ["**/widgets/quiz.js", "**/widget.js"])
def test_an_answer_before_the_script_is_there_counts(page: Page, late: str) -> None:
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    held: list[Route] = []
    page.route(late, lambda route: held.append(route), times=1)
    found = page.locator('dpo-widget[name="quiz"]')
    with page.expect_request(late):
        page.goto("/sections/alignment-problem", wait_until="commit")
        found.scroll_into_view_if_needed()
    found.get_by_label("once").check()
    for route in held:
        route.continue_()
    expect(readout(found)).to_contain_text("Right. A pair holds no score")
    expect(tally(found)).to_have_text("1 right of 1")
    expect(found.locator("[data-error]")).to_be_hidden()
    found.get_by_role("button", name="Next").click()
    expect(found.locator("[data-where]")).to_have_text("Question 2 of 2")
    expect(tally(opened(page, WHOLE))).to_have_text("1 right of 1")
    assert errors == []


def test_an_answer_in_one_tab_is_shown_in_another(page: Page) -> None:
    found = opened(page, WHOLE)
    beside = page.context.new_page()
    there = opened(beside, SECTION)
    question(there, "q_offset").get_by_label("They all rise").check()
    expect(tally(found)).to_have_text("0 right of 1")
    expect(verdict(found, "q_offset")).to_have_attribute("data-verdict", "wrong")
    beside.close()


def test_a_reader_who_comes_back_finds_what_was_answered_since(page: Page) -> None:
    opened(page, SECTION)
    found = opened(page, WHOLE)
    question(found, "q_offset").get_by_label("They all rise").check()
    expect(tally(found)).to_have_text("0 right of 1")
    page.go_back()
    expect(tally(widget(page, "quiz"))).to_have_text("0 right of 1")


def test_what_storage_holds_or_refuses_breaks_nothing(page: Page) -> None:
    page.goto("/symbols")
    for held in ("{", "[1]", "7", '{"q_offset": "rise", "q_preference": [7, 0], "q_x": ["a", 0]}'):
        page.evaluate("(held) => localStorage.setItem('answers', held)", held)
        found = opened(page, SECTION)
        expect(tally(found)).to_have_text("your result")
    blocked = page.context.new_page()
    blocked.add_init_script(
        "Object.defineProperty(window, 'localStorage', { get() { throw new Error('blocked'); } })"
    )
    found = opened(blocked, SECTION)
    question(found, "q_offset").get_by_label("They stay the same").check()
    expect(tally(found)).to_have_text("1 right of 1")
    expect(blocked).to_have_url(re.compile(r"\?q_offset=same"))
    blocked.close()


def test_a_framed_quiz_says_what_its_address_says(page: Page) -> None:
    found = opened(page, SECTION)
    question(found, "q_offset").get_by_label("They stay the same").check()
    expect(tally(found)).to_have_text("1 right of 1")
    page.goto("/embed?widget=quiz")
    page.locator("iframe").scroll_into_view_if_needed()
    framed = page.frame_locator("iframe").locator("dpo-widget")
    expect(framed).to_have_attribute("data-ready", "")
    expect(framed.locator("[data-result-state]")).to_have_text("your result")


def test_without_javascript_a_section_marks_its_questions_and_keeps_its_figures(
    plain_page: Page,
) -> None:
    plain_page.goto(f"{SECTION}?reward_chosen=1")
    found = plain_page.locator('dpo-widget[name="quiz"]')
    expect(found.locator("[data-question]:visible")).to_have_count(2)
    found.get_by_label("They all rise").check()
    found.get_by_role("textbox").fill(right("q_preference"))
    found.get_by_role("button", name="Update").click()
    expect(readout(found)).to_contain_text("1 right of 2 answered.")
    expect(found).to_contain_text("They cannot all rise")
