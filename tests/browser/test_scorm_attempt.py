"""A learner's attempt at the quiz in a course package: kept whole, and each answer counted once."""

from __future__ import annotations

import json
import re

from playwright.sync_api import expect

from app.export.scorm import EDITIONS
from app.widgets.quiz import QUESTIONS
from app.widgets.quiz.kinds import ChoiceQuestion
from app.widgets.quiz.sheet import MAX_ANSWER_LENGTH
from tests.browser.lms import Platform, seed_of
from tests.browser.sheets import answer_all, press, question, readout, score_of, shown, tally

CHOICE, NUMBER = "q_partition", "q_loss"


def test_score_and_completion_are_reported(quiz_platform: Platform) -> None:
    quiz_platform.open().launch()
    quiz = quiz_platform.quiz()
    quiz_platform.expect(status="incomplete", score="")
    total = answer_all(quiz)
    quiz_platform.expect(status="completed", score=str(round(100 * score_of(quiz) / total)))
    quiz_platform.leave()
    spent = {"1.2": r"0000:00:\d\d", "2004": r"PT\d+S"}[quiz_platform.edition]
    assert re.fullmatch(spent, quiz_platform.page.evaluate("window.times.at(-1)"))


def test_one_learner_always_gets_the_same_sheet_and_another_gets_another(
    quiz_platform: Platform,
) -> None:
    for student in ("ada", "grace", "ada", "g"):
        quiz_platform.open(student).launch()
        quiz = quiz_platform.quiz()
        expect(quiz.locator("[name=seed]")).to_have_value(str(seed_of(student)))
        question(quiz, NUMBER).get_by_role("textbox").fill("7")
        shown(quiz).get_by_role("button", name="Check").click()
        quiz_platform.expect_answers(1)
    assert len({seed_of(student) for student in ("ada", "grace", "g")}) == 3


def test_an_attempt_is_taken_up_as_it_was_left(quiz_platform: Platform) -> None:
    """Answers, score and the question that was open, however often it is launched."""
    quiz_platform.open().launch()
    quiz = quiz_platform.quiz()
    for place in (0, 1):
        question(quiz, CHOICE).get_by_role("radio").nth(1).check()
        box = question(quiz, NUMBER).get_by_role("textbox")
        if place == 0:
            box.fill("0.5")
            box.press("Enter")
        expect(readout(quiz)).to_contain_text(re.compile("^(Right|Not right)"))
        said = tally(quiz).text_content() or ""
        quiz.locator(f"[data-dot='{place + 5}'] button").click()
        here = shown(quiz).get_attribute("data-question") or ""
        before = quiz_platform.attempt()
        quiz_platform.leave()
        quiz_platform.launch()
        quiz = quiz_platform.quiz()
        expect(shown(quiz)).to_have_attribute("data-question", here)
        expect(tally(quiz)).to_have_text(said)
        expect(question(quiz, CHOICE).get_by_role("radio").nth(1)).to_be_checked()
        expect(question(quiz, NUMBER).get_by_role("textbox")).to_have_value("0.5")
        after = quiz_platform.attempt()
        for key in ("score", "status", "interactions"):
            assert after[key] == before[key]


def test_an_answer_stands_once_its_feedback_was_seen(quiz_platform: Platform) -> None:
    wrong, right = "is_one", "cancels"
    quiz_platform.open().launch()
    quiz = quiz_platform.quiz()
    question(quiz, CHOICE).locator(f"[value={wrong}]").check()
    expect(tally(quiz)).to_have_text("0 right of 1")
    first = quiz_platform.attempt()

    def expect_first() -> None:
        now = quiz_platform.attempt()
        for key in ("score", "status", "interactions"):
            assert now[key] == first[key]
        assert json.loads(now["data"])["answers"] == {CHOICE: [wrong, False]}

    # By mouse and keys it cannot be changed.
    other = question(quiz, CHOICE).locator(f"[value={right}]")
    other.click(force=True)
    other.focus()
    for key in ("Space", "ArrowDown", "Enter", "a", "b", "c", "d"):
        other.press(key)
    expect(tally(quiz)).to_have_text("0 right of 1")
    # Whoever clears it, edits the address or takes another sheet may practice.
    press(quiz, "Clear answers")
    expect(tally(quiz)).to_have_text("your result")
    question(quiz, CHOICE).locator(f"[value={right}]").check()
    expect(tally(quiz)).to_have_text("1 right of 1")
    expect_first()
    quiz = quiz_platform.another_sheet()
    press(quiz, "Clear answers")
    question(quiz, CHOICE).locator(f"[value={right}]").check()
    expect(tally(quiz)).to_have_text("1 right of 1")
    expect_first()
    for query in (f"{CHOICE}={right}", f"seed={seed_of('ada')}&quiz.{CHOICE}={right}"):
        quiz_platform.reopen(f"index.html?{query}")
        expect(tally(quiz_platform.quiz())).to_have_text("0 right of 1")
        expect_first()
    quiz_platform.leave()
    quiz_platform.launch()
    expect(tally(quiz_platform.quiz())).to_have_text("0 right of 1")
    expect_first()


def test_a_choice_whose_feedback_was_seen_on_another_sheet_is_given(
    quiz_platform: Platform,
) -> None:
    """Sheets have the same choices and different numbers."""
    quiz_platform.open().launch()
    quiz = quiz_platform.another_sheet()
    question(quiz, CHOICE).locator("[value=is_one]").check()
    box = question(quiz, NUMBER).get_by_role("textbox")
    box.fill("0.5")
    box.press("Enter")
    expect(tally(quiz)).to_contain_text("of 2")
    assert list(json.loads(quiz_platform.attempt()["data"])["answers"]) == [CHOICE]
    quiz_platform.reopen("index.html")
    quiz = quiz_platform.quiz()
    expect(tally(quiz)).to_have_text("0 right of 1")
    expect(question(quiz, CHOICE).locator("[value=is_one]")).to_be_checked()


def test_each_answer_is_reported_once_as_an_interaction(quiz_platform: Platform) -> None:
    early = quiz_platform.edition == EDITIONS[0]
    quiz_platform.open().launch()
    quiz = quiz_platform.quiz()
    answer_all(quiz)
    quiz_platform.leave()
    quiz_platform.launch()
    answer_all(quiz_platform.quiz())
    reported = quiz_platform.attempt()["interactions"]
    assert sorted(one["id"] for one in reported) == sorted(QUESTIONS)
    results = [one["result"] for one in reported]
    assert results.count("correct") == score_of(quiz)
    assert set(results) == {"correct", "wrong" if early else "incorrect"}
    for one in reported:
        response = one["student_response" if early else "learner_response"]
        pattern = one["correct_responses"]["0"]["pattern"]
        when = r"\d\d:\d\d:\d\d" if early else r"\d{4}-\d\d-\d\dT[\d:]{8}\.\d\dZ"
        assert re.fullmatch(when, one["time" if early else "timestamp"])
        question_ = QUESTIONS[one["id"]]
        if isinstance(question_, ChoiceQuestion):
            assert one["type"] == "choice"
            assert (response == pattern) == (one["result"] == "correct")
            if early:
                assert {response, pattern} <= set("abcd")
            else:
                assert pattern == question_.right
                assert response in question_.options
        else:
            assert (one["type"], response) == ("fill-in", "7")
            assert pattern
        if not early:
            assert one["description"]


def test_what_is_reported_of_long_answers_fits(quiz_platform: Platform) -> None:
    """An address may hold longer texts than the boxes take, and a platform of 1.2 keeps 4,096 characters."""
    quiz_platform.open().launch()
    quiz_platform.quiz()
    given = {
        name: next(iter(one.options)) if isinstance(one, ChoiceQuestion) else "0." + 300 * "1"
        for name, one in QUESTIONS.items()
    }
    query = "&".join(f"{name}={text}" for name, text in given.items())
    quiz_platform.reopen(f"index.html?seed={seed_of('ada')}&{query}")
    quiz_platform.expect(status="completed")
    data = quiz_platform.attempt()["data"]
    assert len(data) < 4096 - 500  # of ten sections read
    kept = {name: text for name, (text, _) in json.loads(data)["answers"].items()}
    assert kept == {name: text[:MAX_ANSWER_LENGTH] for name, text in given.items()}


def test_nothing_changes_a_complete_attempt(quiz_platform: Platform) -> None:
    quiz_platform.open().launch()
    quiz = quiz_platform.quiz()
    answer_all(quiz)
    quiz_platform.expect(status="completed")
    final = quiz_platform.attempt()["score"]
    quiz = quiz_platform.another_sheet()
    press(quiz, "Clear answers")
    question(quiz, CHOICE).locator("[value=cancels]").check()
    expect(tally(quiz)).to_have_text("1 right of 1")
    quiz_platform.expect(status="completed", score=final)
    marked = "passed" if quiz_platform.edition == EDITIONS[0] else "completed"
    for _ in range(2):
        quiz_platform.leave()
        quiz_platform.launch()
        quiz = quiz_platform.quiz()
        press(quiz, "Clear answers")
        question(quiz, CHOICE).locator("[value=cancels]").check()
        expect(tally(quiz)).to_have_text("1 right of 1")
        quiz_platform.expect(status=marked, score=final)
    # Some platforms forget all but the mark.
    quiz_platform.open(status=marked, score=final).launch()
    question(quiz_platform.quiz(), CHOICE).locator("[value=is_one]").check()
    quiz_platform.leave()
    quiz_platform.expect(status=marked, score=final)


def test_a_page_that_the_browser_brings_back_goes_on(quiz_platform: Platform) -> None:
    """Its session has ended when it was left, and it begins another one."""
    quiz_platform.open().launch()
    question(quiz_platform.quiz(), CHOICE).locator("[value=is_one]").check()
    quiz_platform.expect_answers(1)
    quiz_platform.page.evaluate(
        """() => {
            const course = document.getElementById("course");
            const loaded = new Promise((then) => course.addEventListener("load", then, { once: true }));
            course.contentWindow.dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true }));
            return loaded.then(() => undefined);
        }"""
    )
    quiz = quiz_platform.quiz()
    expect(tally(quiz)).to_have_text("0 right of 1")
    question(quiz, "q_pair").get_by_role("radio").first.check()
    quiz_platform.expect_answers(2)
