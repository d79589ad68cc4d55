from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from app.widgets.quiz import QUESTIONS
from app.widgets.quiz.kinds import NumberQuestion
from app.widgets.quiz.sheet import Params, compute, number_problem
from tests.browser.helpers import field, record_texts, widget


def question(found: Locator, name: str) -> Locator:
    return found.locator(f'[data-question="{name}"]')


def problem(name: str, seed: int = 0) -> tuple[float, list[float]]:
    """The right value and those of the slips."""
    asked = QUESTIONS[name]
    assert isinstance(asked, NumberQuestion)
    drawn = number_problem(asked, seed)
    return drawn.value, [mistake.value for mistake in drawn.mistakes]


def texts(found: Locator) -> list[str]:
    return [" ".join(text.split()) for text in found.locator("[data-question]").all_inner_texts()]


def test_a_choice_is_explained_at_once_and_said_once(page: Page) -> None:
    page.goto("/sections/bigger-picture")
    found = widget(page, "quiz")
    place = question(found, "q_partition")
    feedback = place.locator("[data-feedback]")
    expect(feedback).to_be_hidden()
    said = record_texts(found, "[data-live]")
    place.get_by_label("It is always equal to 1").check()
    expect(feedback).to_contain_text("Not right. In general it is not")
    expect(place).to_have_attribute("data-verdict", "wrong")
    expect(page).to_have_url(re.compile(r"\?q_partition=is_one$"))
    expect(field(found, "answered")).to_have_text("1")
    expect(field(found, "score")).to_have_text("0")
    live = found.locator("[data-live]")
    expect(live).to_contain_text("Not right. In general")

    # An answer stays once it has been explained.
    place.get_by_label("It depends on the prompt only").click(force=True)
    other = question(found, "q_pair")
    other.get_by_role("radio").first.check()
    expect(field(found, "answered")).to_have_text("2")
    expect(place.locator("input:checked")).to_have_value("is_one")
    expect(page).to_have_url(re.compile(r"q_partition=is_one"))
    expect(live).not_to_contain_text("In general")
    heard = said.json_value()
    assert len(heard) == 2
    assert heard[0].startswith("Not right. In general")


def test_the_feedback_describes_its_question(page: Page) -> None:
    page.goto("/widgets/quiz?q_partition=is_one&q_loss=x")
    found = widget(page, "quiz")
    for name, said in (("q_partition", "Not right."), ("q_loss", "“x” is not a number.")):
        place = question(found, name)
        described = page.locator(f"#{place.get_attribute('aria-describedby')}")
        expect(described).to_contain_text(said)
    box = question(found, "q_loss").get_by_role("textbox")
    expect(box).to_have_accessible_description(re.compile("within 1%.*not a number", re.DOTALL))
    expect(box).to_have_accessible_name("Your answer (nats)")


def test_a_number_is_marked_when_it_is_finished_and_not_while_it_is_typed(page: Page) -> None:
    page.goto("/widgets/quiz")
    found = widget(page, "quiz")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    place = question(found, "q_loss")
    _, slips = problem("q_loss")
    box = place.get_by_role("textbox")
    box.press_sequentially(f"{slips[0]:.3g}")
    expect(place.locator("[data-feedback]")).to_be_hidden()
    assert asked == []
    box.press("Enter")
    expect(place.locator("[data-feedback]")).to_contain_text("Not right. β was applied twice")
    expect(box).not_to_be_editable()
    # What cannot be read is no answer.
    place = question(found, "q_shift")
    box = place.get_by_role("textbox")
    box.fill("about half")
    box.press("Tab")
    expect(place.locator("[data-feedback]")).to_contain_text("is not a number")
    expect(place.get_by_text("The answer, and where it comes from")).to_be_hidden()
    expect(field(found, "answered")).to_have_text("1")
    box.fill(f"{problem('q_shift')[0]:.3g}")
    box.press("Enter")
    expect(place).to_have_attribute("data-verdict", "right")


def test_the_receipt_is_shown_with_the_answer_and_not_before(page: Page) -> None:
    page.goto("/widgets/quiz")
    found = widget(page, "quiz")
    place = question(found, "q_smoothing")
    expect(place.get_by_text("The answer, and where it comes from")).to_be_hidden()
    place.get_by_role("textbox").fill("7")
    place.get_by_role("textbox").press("Enter")
    place.get_by_text("The answer, and where it comes from").click()
    value, _ = problem("q_smoothing")
    expect(place.locator("[data-right-answer]")).to_have_text(f"{value:.3g} nats")
    expect(place.locator("[data-receipt]")).to_contain_text("torch.logit(")
    expect(place.locator(".quiz-sources a").first).to_have_attribute(
        "href", "/sections/bigger-picture"
    )


def test_the_keyboard_moves_by_arrows_and_answers_by_enter_or_by_leaving(page: Page) -> None:
    page.goto("/widgets/quiz")
    found = widget(page, "quiz")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    place = question(found, "q_pair")
    place.get_by_role("radio").first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    chosen = place.locator("input:checked")
    expect(chosen).to_be_focused()
    expect(place.locator("[data-feedback]")).to_be_hidden()
    assert asked == []
    page.keyboard.press("Enter")
    expect(place.locator("[data-feedback]")).to_be_visible()
    expect(chosen).to_be_focused()

    place = question(found, "q_certain")
    place.get_by_role("radio").first.focus()
    page.keyboard.press("ArrowDown")
    moved = place.locator("input:checked").get_attribute("value")
    expect(page).not_to_have_url(re.compile("q_certain"))
    page.keyboard.press("Tab")
    expect(page).to_have_url(re.compile(f"q_certain={moved}"))
    expect(field(found, "answered")).to_have_text("2")


def test_right_answers_by_hand_give_the_full_score(page: Page) -> None:
    page.goto("/widgets/quiz?seed=12")
    found = widget(page, "quiz")
    for name, asked in QUESTIONS.items():
        place = question(found, name)
        if isinstance(asked, NumberQuestion):
            box = place.get_by_role("textbox")
            box.fill(f"{problem(name, 12)[0]:.3g}")
            box.press("Enter")
        else:
            place.locator(f'input[value="{asked.right}"]').check()
        expect(place).to_have_attribute("data-verdict", "right")
    expect(field(found, "score")).to_have_text(str(len(QUESTIONS)))
    expect(found.locator(".finding")).to_contain_text("That is all of them.")


@pytest.mark.parametrize("query", ["seed=41", "seed=41&q_pair=good&q_shift=x&q_first_loss=ln2"])
def test_the_script_draws_what_the_server_draws(page: Page, query: str) -> None:
    page.goto(f"/widgets/quiz?{query}")
    server = texts(widget(page, "quiz"))
    page.goto("/widgets/quiz?seed=2&q_certain=both_stop")
    found = widget(page, "quiz")
    assert texts(found) != server
    answer = page.evaluate(
        "query => fetch(`/api/v1/quiz?${query}`).then((answer) => answer.json())", query
    )
    found.evaluate("(widget, result) => widget.show(result)", answer)
    assert texts(found) == server


def test_new_questions_are_another_sheet_without_answers(page: Page) -> None:
    page.goto("/sections/bigger-picture?q_pair=good&q_loss=1")
    found = widget(page, "quiz")
    before = texts(found)
    found.get_by_role("button", name="New questions").click()
    expect(field(found, "answered")).to_have_text("0")
    seed = int(found.locator('[name="seed"]').input_value())
    assert page.url.endswith(f"?seed={seed}")
    assert found.locator("input:checked").count() == 0
    expect(question(found, "q_loss").get_by_role("textbox")).to_have_value("")
    expect(found.locator("[data-question]:has([data-feedback]:not([hidden]))")).to_have_count(0)
    assert texts(found) != before
    order = [q.id for q in compute(Params(seed=seed)).questions]
    shown = found.locator("[data-question]").evaluate_all(
        "all => all.map((one) => one.dataset.question)"
    )
    assert shown == order
    expect(found.locator("[data-sheet]")).to_be_focused()
    expect(found.locator("[data-question]").first).to_be_in_viewport()


def test_clearing_keeps_the_sheet(page: Page) -> None:
    page.goto("/widgets/quiz?seed=9&q_pair=good&q_loss=1")
    found = widget(page, "quiz")
    order = found.locator("[data-text]").all_text_contents()
    found.get_by_role("button", name="Clear answers").click()
    expect(field(found, "answered")).to_have_text("0")
    assert page.url.endswith("?seed=9")
    assert found.locator("[data-text]").all_text_contents() == order


def test_a_seed_of_ones_own_brings_its_sheet(page: Page) -> None:
    page.goto("/widgets/quiz?q_loss=1")
    found = widget(page, "quiz")
    found.locator('[name="seed"]').fill("77")
    found.locator('[name="seed"]').press("Enter")
    first = compute(Params(seed=77)).questions[0]
    expect(found.locator("[data-text]").first).to_have_text(first.text)
    expect(field(found, "answered")).to_have_text("0")


def test_the_address_brings_the_answers_back(page: Page) -> None:
    value, _ = problem("q_shift", 5)
    page.goto(f"/sections/bigger-picture?seed=5&q_shift={value:.3g}&q_pair=amount")
    found = widget(page, "quiz")
    expect(question(found, "q_shift")).to_have_attribute("data-verdict", "right")
    expect(question(found, "q_pair").locator("input:checked")).to_have_value("amount")
    expect(found.locator("[data-live]")).to_have_text("")


def test_without_javascript_the_form_is_marked_by_the_server(plain_page: Page) -> None:
    plain_page.goto("/sections/bigger-picture?seed=3")
    found = plain_page.locator('dpo-widget[name="quiz"]')
    value, _ = problem("q_loss", 3)
    question(found, "q_loss").get_by_role("textbox").fill(f"{value:.3g}")
    question(found, "q_pair").locator('input[value="person"]').check()
    found.get_by_role("button", name="Update").click()
    assert "seed=3" in plain_page.url
    expect(question(found, "q_loss")).to_contain_text("Right.")
    expect(question(found, "q_pair")).to_contain_text("The judge need not be a person")
    expect(field(found, "score")).to_have_text("1")
    expect(field(found, "answered")).to_have_text("2")
    expect(question(found, "q_certain").locator("[data-feedback]")).to_be_hidden()

    found.get_by_role("link", name="Clear answers").click()
    expect(field(found, "answered")).to_have_text("0")
    first = found.locator("[data-text]").first.text_content() or ""
    found.get_by_role("link", name="New questions").click()
    assert plain_page.url.endswith("/sections/bigger-picture?seed=4")
    expect(found.locator("[data-text]").first).not_to_have_text(first)
