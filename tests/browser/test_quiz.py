from __future__ import annotations

import re
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from app.widgets.quiz import QUESTIONS
from app.widgets.quiz.kinds import NumberQuestion
from app.widgets.quiz.sheet import Params, compute, number_problem
from tests.browser.accessibility import PHONE
from tests.browser.helpers import field, record_texts, widget
from tests.browser.sheets import press, question, readout, shown, tally

ALL = len(QUESTIONS)


def problem(name: str, seed: int = 0) -> tuple[float, list[float]]:
    """The right value and those of the slips."""
    asked = QUESTIONS[name]
    assert isinstance(asked, NumberQuestion)
    drawn = number_problem(asked, seed)
    return drawn.value, [mistake.value for mistake in drawn.mistakes]


def texts(found: Locator) -> list[str]:
    """Every question as it is in the page, and the line above the one that is shown."""
    places = found.locator("[data-question], [data-where]").all_text_contents()
    return [" ".join(text.split()) for text in places]


def test_a_choice_is_explained_at_once_and_said_once_and_stays(page: Page) -> None:
    page.goto("/sections/bigger-picture")
    found = widget(page, "quiz")
    place = question(found, "q_partition")
    expect(readout(found)).to_be_empty()
    said = record_texts(found, "[data-live]")
    place.get_by_label("It is always equal to 1").check()
    expect(readout(found)).to_contain_text("Not right. In general it is not")
    expect(readout(found).get_by_role("link")).to_have_text("Rafailov et al. 2023, Eq. 5 and 6")
    expect(place).to_have_attribute("data-verdict", "wrong")
    expect(place.locator("[data-right]")).to_contain_text("cancels in the difference")
    expect(page).to_have_url(re.compile(r"\?q_partition=is_one"))
    expect(tally(found)).to_have_text("0 right of 1")
    live = found.locator("[data-live]")
    expect(live).to_contain_text("Not right. In general")

    place.get_by_label("It depends on the prompt only").click(force=True)
    page.keyboard.press("a")
    page.keyboard.press("d")
    question(found, "q_pair").get_by_role("radio").first.check()
    expect(tally(found)).to_have_text(re.compile("right of 2$"))
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
        expect(place.get_by_role("group")).to_have_accessible_description(re.compile(said))
        expect(readout(found)).to_contain_text(said)
    box = shown(found).get_by_role("textbox")
    expect(box).to_have_accessible_description(re.compile("within 1%.*not a number", re.DOTALL))
    expect(box).to_have_accessible_name("Your answer (nats)")


def test_a_number_is_marked_when_it_is_finished_and_not_while_it_is_typed(page: Page) -> None:
    page.goto("/widgets/quiz")
    found = widget(page, "quiz")
    place = question(found, "q_loss")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    value, slips = problem("q_loss")
    box = place.get_by_role("textbox")
    box.press_sequentially(f"{slips[0]:.3g}")
    expect(readout(found)).to_be_empty()
    assert asked == []
    box.press("Enter")
    expect(readout(found)).to_contain_text(
        f"Not right. It is {value:.3g} nats. β was applied twice"
    )
    expect(box).not_to_be_editable()
    # What cannot be read is no answer. Going on waits for what is said of a number.
    place = question(found, "q_shift")
    box = place.get_by_role("textbox")
    box.fill("about half")
    found.get_by_role("button", name="Next").click()
    expect(readout(found)).to_contain_text("is not a number")
    expect(place).to_have_attribute("data-shown", "")
    expect(tally(found)).to_have_text("0 right of 1")
    box.fill(f"{problem('q_shift')[0]:.3g}")
    place.get_by_role("button", name="Check").click()
    expect(place).to_have_attribute("data-verdict", "right")
    expect(readout(found)).to_contain_text("Right. The margin has to be")


def test_details_hold_what_is_behind_an_answer_and_nothing_before(page: Page) -> None:
    page.goto("/widgets/quiz")
    found = widget(page, "quiz")
    place = question(found, "q_smoothing")
    found.locator("[data-details] > summary").click()
    behind = found.locator("[data-behind]")
    expect(behind).to_be_hidden()
    place.get_by_role("textbox").fill("7")
    place.get_by_role("textbox").press("Enter")
    expect(behind).to_contain_text(f"The answer: {problem('q_smoothing')[0]:.3g} nats.")
    expect(behind.locator("code")).to_contain_text("torch.logit(")
    source = behind.get_by_role("link").first
    expect(source).to_have_attribute("href", "/sections/bigger-picture")
    question(found, "q_loss")
    expect(behind).to_be_hidden()


def test_the_keyboard_answers_by_letters_or_by_arrows_and_enter_or_by_leaving(page: Page) -> None:
    page.goto("/widgets/quiz")
    found = widget(page, "quiz")
    question(found, "q_partition")
    page.keyboard.press("b")
    second = shown(found).get_by_role("radio").nth(1)
    expect(second).to_be_checked()
    expect(readout(found)).not_to_be_empty()
    # In a box letters are letters.
    place = question(found, "q_loss")
    place.get_by_role("textbox").press_sequentially("abc")
    expect(place.get_by_role("textbox")).to_have_value("abc")

    place = question(found, "q_pair")
    place.get_by_role("radio").first.focus()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    chosen = place.locator("input:checked")
    expect(chosen).to_be_focused()
    expect(place).to_have_attribute("data-verdict", "open")
    assert asked == []
    page.keyboard.press("Enter")
    expect(place).not_to_have_attribute("data-verdict", "open")
    expect(chosen).to_be_focused()

    place = question(found, "q_certain")
    place.get_by_role("radio").first.focus()
    page.keyboard.press("ArrowDown")
    moved = place.locator("input:checked").get_attribute("value")
    expect(page).not_to_have_url(re.compile("q_certain"))
    page.keyboard.press("Tab")
    expect(page).to_have_url(re.compile(f"q_certain={moved}"))
    expect(place).not_to_have_attribute("data-verdict", "open")


def test_a_sheet_ends_with_its_result_and_new_numbers_leave_choices_answered(
    browser: Browser, server: str
) -> None:
    context = browser.new_context(base_url=server, viewport=PHONE, has_touch=True)
    page = context.new_page()
    page.goto("/sections/bigger-picture?seed=12")
    found = widget(page, "quiz")
    for number, asked in enumerate(compute(Params(seed=12)).questions, 1):
        place = shown(found)
        expect(found.locator("[data-where]")).to_contain_text(f"Question {number} of {ALL}, ")
        expect(place).to_have_attribute("data-question", asked.id)
        known = QUESTIONS[asked.id]
        if isinstance(known, NumberQuestion):
            place.get_by_role("textbox").fill(f"{problem(asked.id, 12)[0]:.3g}")
            place.get_by_role("button", name="Check").tap()
        else:
            place.locator(f'input[value="{known.right}"]').tap()
        expect(readout(found)).to_contain_text("Right.")
        found.get_by_role("button", name=re.compile("^(Next|Result)$")).tap()
    expect(tally(found)).to_have_text(f"{ALL} right of {ALL}")
    result = field(found, "finding")
    expect(result).to_have_text(f"{ALL} right of {ALL} answered. That is all of them.")
    expect(result).to_be_in_viewport()
    expect(found.get_by_role("button", name="Go to question")).to_be_hidden()

    found.get_by_role("button", name="New numbers").tap()
    choices = sum(not isinstance(known, NumberQuestion) for known in QUESTIONS.values())
    expect(tally(found)).to_have_text(f"{choices} right of {choices}")
    seed = int(found.locator('[name="seed"]').input_value())
    assert seed != 12
    order = [q.id for q in compute(Params(seed=seed)).questions]
    first = next(name for name in order if isinstance(QUESTIONS[name], NumberQuestion))
    place = shown(found)
    expect(place).to_have_attribute("data-question", first)
    expect(found.locator("[data-where]")).to_contain_text(f"Question {order.index(first) + 1} of")
    expect(place.get_by_role("group")).to_be_focused()
    expect(place.locator("legend")).to_be_in_viewport(ratio=1)
    assert f"&seed={seed}&" in page.url
    ids = found.locator("[data-question]").evaluate_all(
        "all => all.map((one) => one.dataset.question)"
    )
    assert ids == order
    assert found.locator("[data-question] input:checked").count() == choices
    boxes = found.locator("[data-question] input[type=text]")
    assert set(boxes.evaluate_all("all => all.map((one) => one.value)")) == {""}
    expect(found.locator("[data-feedback]:not([hidden])")).to_have_count(choices)
    context.close()


@pytest.mark.parametrize(
    "query", ["seed=41", "seed=41&q_pair=good&q_shift=x&q_first_loss=ln2&at=3"]
)
def test_the_script_draws_what_the_server_draws(page: Page, query: str) -> None:
    page.goto(f"/widgets/quiz?{query}")
    server = texts(widget(page, "quiz"))
    page.goto("/widgets/quiz?seed=2&q_certain=both_stop&at=3")
    found = widget(page, "quiz")
    assert texts(found) != server
    if "at=" not in query:
        found.evaluate("widget => { widget.figure.place = { at: '' }; }")
    answer = page.evaluate(
        "query => fetch(`/widgets/quiz/answer?${query}`).then((answer) => answer.json())",
        query.removesuffix("&at=3"),
    )
    found.evaluate("(widget, result) => widget.show(result)", answer)
    assert texts(found) == server


def test_clearing_keeps_the_sheet(page: Page) -> None:
    page.goto("/widgets/quiz?seed=9&q_pair=good&q_loss=1&at=4")
    found = widget(page, "quiz")
    order = found.locator("[data-text]").all_text_contents()
    press(found, "Clear answers")
    expect(tally(found)).to_have_text("your result")
    assert page.url.endswith("?seed=9")
    assert found.locator("[data-text]").all_text_contents() == order
    expect(shown(found).get_by_role("group")).to_be_focused()
    expect(found.locator("[data-where]")).to_contain_text("Question 1 ")


def test_a_seed_of_ones_own_brings_its_sheet(page: Page) -> None:
    page.goto("/widgets/quiz?q_loss=1")
    found = widget(page, "quiz")
    found.locator("[data-settings] > summary").click()
    found.locator('[name="seed"]').fill("77")
    found.locator('[name="seed"]').press("Enter")
    first = compute(Params(seed=77)).questions[0]
    expect(shown(found).locator("[data-text]")).to_have_text(first.text)
    expect(tally(found)).to_have_text("your result")


def test_the_address_says_which_question_is_shown_and_brings_its_answer_back(page: Page) -> None:
    value, _ = problem("q_shift", 5)
    order = [q.id for q in compute(Params(seed=5)).questions]
    page.goto(f"/sections/bigger-picture?seed=5&q_shift={value:.3g}&q_pair=amount")
    found = widget(page, "quiz")
    where = found.locator("[data-where]")
    # Without a number, the first answer is shown.
    first = min(order.index("q_shift"), order.index("q_pair"))
    expect(where).to_contain_text(f"Question {first + 1} of {ALL}")
    expect(found.locator("[data-live]")).to_have_text("")
    place = question(found, "q_shift")
    expect(place).to_have_attribute("data-verdict", "right")
    expect(question(found, "q_pair").locator("input:checked")).to_have_value("amount")
    number = 9
    assert order[number] not in ("q_shift", "q_pair")
    question(found, order[number - 1])
    found.get_by_role("button", name="Next").click()
    expect(page).to_have_url(re.compile(rf"quiz\.at={number + 1}$"))
    expect(shown(found).get_by_role("group")).to_be_focused()
    page.reload()
    expect(where).to_contain_text(f"Question {number + 1} of {ALL}")
    expect(shown(found)).to_have_attribute("data-question", order[number])
    page.goto("/widgets/quiz?at=2")
    found = widget(page, "quiz")
    found.get_by_role("button", name="Back").click()
    expect(page).to_have_url(re.compile(r"/widgets/quiz$"))
    expect(found.get_by_role("button", name="Back")).to_be_disabled()


def test_details_lead_to_the_first_question_without_an_answer(page: Page) -> None:
    first, second, *_ = (q.id for q in compute(Params()).questions)
    answers = {name: QUESTIONS[name].right for name in (first, second)}  # type: ignore[union-attr]
    page.goto(f"/widgets/quiz?{urlencode(answers)}&at={ALL}")
    found = widget(page, "quiz")
    press(found, "Go to question 3")
    expect(found.locator("[data-where]")).to_contain_text(f"Question 3 of {ALL}")
    expect(shown(found).get_by_role("group")).to_be_focused()


def test_dots_tell_how_each_question_went(page: Page) -> None:
    page.goto("/widgets/quiz?q_pair=once&q_partition=is_one")
    found = widget(page, "quiz")
    right = found.evaluate("({ result }) => result.questions.findIndex((q) => q.correct) + 1")
    dot = found.get_by_role("button", name=f"Question {right}, right", exact=True)
    wrong = found.get_by_role("button", name=re.compile(r"^Question \d+, wrong$"))
    for one in (dot, wrong):
        one.click()
        expect(one).to_have_attribute("aria-current", "step")
    box = wrong.bounding_box()
    assert box is not None
    assert (box["width"], box["height"]) == (24, 44)
    page.set_viewport_size(PHONE)
    expect(found.locator("[data-dots] button:visible")).to_have_count(0)
    expect(found.locator("[data-dot]:visible")).to_have_count(ALL)


def test_what_a_page_hides_is_passed_over(page: Page) -> None:
    first, second, *_, last = (q.id for q in compute(Params()).questions)
    page.goto(f"/widgets/quiz?hide={first},{last},details")
    found = widget(page, "quiz")
    expect(shown(found)).to_have_attribute("data-question", second)
    expect(found.get_by_role("button", name="Back")).to_be_disabled()
    found.locator("[data-dot]:visible button").last.click()
    expect(shown(found)).not_to_have_attribute("data-question", last)
    # The result stands in Details.
    expect(found.get_by_role("button", name="Next")).to_be_disabled()


def test_on_paper_all_questions_stand_with_what_is_known_of_their_answers(page: Page) -> None:
    page.goto("/widgets/quiz?q_partition=is_one")
    found = widget(page, "quiz")
    page.emulate_media(media="print")
    expect(found.locator("[data-question]:visible")).to_have_count(ALL)
    told = found.locator("[data-feedback]:visible")
    expect(told).to_have_count(1)
    expect(told).to_contain_text("Not right. In general it is not")
    expect(found.locator("[data-answer]:visible")).to_contain_text("The answer: It depends on")
    expect(
        found.locator("[data-dots], [data-readout], .btn").locator("visible=true")
    ).to_have_count(0)


def test_without_javascript_the_form_is_marked_by_the_server(plain_page: Page) -> None:
    plain_page.goto("/sections/bigger-picture?seed=3")
    found = plain_page.locator('dpo-widget[name="quiz"]')
    places = found.locator("[data-question]")
    expect(found.locator("[data-question]:visible")).to_have_count(ALL)
    value, _ = problem("q_loss", 3)

    def place(name: str) -> Locator:
        return found.locator(f'[data-question="{name}"]')

    place("q_loss").get_by_role("textbox").fill(f"{value:.3g}")
    place("q_pair").locator('input[value="person"]').check()
    found.get_by_role("button", name="Update").click()
    assert "seed=3" in plain_page.url
    expect(place("q_loss")).to_contain_text("Right.")
    expect(place("q_pair")).to_contain_text("The judge need not be a person")
    expect(readout(found)).to_contain_text("1 right of 2 answered.")
    expect(place("q_certain").locator("[data-feedback]")).to_be_hidden()

    found.locator("[data-details] > summary").click()
    found.get_by_role("link", name="Clear answers").click()
    expect(readout(found)).to_contain_text("No answers yet")
    first = places.first.text_content() or ""
    found.locator("[data-details] > summary").click()
    found.get_by_role("link", name="New questions").click()
    assert plain_page.url.endswith("/sections/bigger-picture?seed=4")
    expect(places.first).not_to_have_text(first)
