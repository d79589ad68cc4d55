from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from itertools import combinations

import pytest
import torch
import torch.nn.functional as F
from bs4 import BeautifulSoup
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from starlette.testclient import TestClient

from app.content.sections import SECTIONS
from app.content.sources import references
from app.lab.proportions import Share, difference, difference_from_even, share_won
from app.widgets.base import WidgetParams
from app.widgets.quiz import QUESTIONS
from app.widgets.quiz.kinds import (
    NATS,
    POINTS,
    SHARE,
    TOLERANCE,
    ChoiceQuestion,
    NotANumber,
    NumberQuestion,
    read_number,
)
from app.widgets.quiz.sheet import Params, Question, QuizResult, compute, number_problem
from app.widgets.registry import WIDGETS

CHOICES = [q for q in QUESTIONS.values() if isinstance(q, ChoiceQuestion)]
NUMBERS = [q for q in QUESTIONS.values() if isinstance(q, NumberQuestion)]
each_choice = pytest.mark.parametrize("question", CHOICES, ids=lambda q: q.id)
each_number = pytest.mark.parametrize("question", NUMBERS, ids=lambda q: q.id)


def asked(result: QuizResult, question_id: str) -> Question:
    return next(question for question in result.questions if question.id == question_id)


def right_answers(seed: int) -> dict[str, str]:
    right = {question.id: question.right for question in CHOICES}
    return right | {q.id: f"{number_problem(q, seed).value:.3g}" for q in NUMBERS}


# ---- the numbers --------------------------------------------------------------------------------


def evaluated(receipt: str | None) -> float:
    assert receipt is not None
    return float(eval(receipt, {"torch": torch, "F": F}))


def logistic(z: float) -> float:
    return 1 / (1 + math.exp(-z))


def softmax_of_three(p: float, q: float, s: float, best: float, beta: float) -> float:
    weights = [p, q * math.exp(1 / beta), s * math.exp(best / beta)]
    return weights[2] / sum(weights)


ORACLES: dict[str, Callable[..., float]] = {
    "q_preference": lambda a, b: math.exp(a) / (math.exp(a) + math.exp(b)),
    "q_penalised_reward": lambda score, logp, ref, beta: score - beta * logp + beta * ref,
    "q_optimal_probability": softmax_of_three,
    "q_loss": lambda w, lost, beta: math.log1p(math.exp(-beta * (w - lost))),
    "q_gradient_weight": lambda w, lost, _: 1 - logistic(w - lost),
    "q_shift": lambda p, beta: math.log(p / (1 - p)) / beta,
    "q_standard_error": lambda k, n: 100 * math.sqrt(k * (n - k) / n**3),
    "q_smoothing": lambda e: math.log((1 - e) / e),
}


@each_number
def test_torch_and_the_receipt_answer_as_the_closed_form_does(question: NumberQuestion) -> None:
    for case in question.cases:
        problem = question.build(*case)
        assert problem.value == pytest.approx(ORACLES[question.id](*case), rel=1e-12)
        assert evaluated(problem.receipt) == pytest.approx(problem.value, rel=1e-5)


def test_the_figures_of_the_question_on_significance_are_right() -> None:
    question = QUESTIONS["q_significant"]
    assert isinstance(question, ChoiceQuestion)
    found = difference(share_won(158, 256), share_won(146, 256))
    z = evaluated(question.receipt)
    assert z == pytest.approx(found.z, rel=1e-5)
    assert found.standard_error is not None
    assert found.p_value is not None
    texts = "".join([question.text, *question.options.values(), *question.feedback.values()])
    for figure in (
        f"{100 * found.value:.1f} points",
        f"standard error of {100 * found.standard_error:.1f}",
        f"{z:.1f} standard errors",
        f"{found.p_value:.0%} of such samples",
        f"({158 / 256:.1%})",
        f"({146 / 256:.1%})",
        f"{difference_from_even(Share(0.58, 272, 150, 0.65)).z:.1f} standard errors from even",
    ):
        assert figure in texts, figure


def test_the_loss_of_the_first_step_is_as_its_question_says() -> None:
    question = QUESTIONS["q_first_loss"]
    assert isinstance(question, ChoiceQuestion)
    value = evaluated(question.receipt)
    assert value == pytest.approx(math.log(2), rel=1e-6)
    assert f"{value:.3f}" in question.options[question.right]


# ---- marking ------------------------------------------------------------------------------------


@each_number
def test_rounding_to_three_digits_is_right_and_each_slip_has_its_own_feedback(
    question: NumberQuestion,
) -> None:
    for case in question.cases:
        problem = question.build(*case)
        for answer in (f"{problem.value:.3g}", f"{problem.value:.10f}", f"{problem.value:.5e}"):
            verdict = question.mark(problem, answer)
            assert verdict.correct, answer
            assert verdict.feedback == problem.right
        for mistake in problem.mistakes:
            verdict = question.mark(problem, f"{mistake.value:.3g}")
            assert not verdict.correct
            assert verdict.feedback == mistake.feedback
        marked = [(problem.value, problem.right)]
        marked += [(mistake.value, mistake.feedback) for mistake in problem.mistakes]
        for (one, said), (other, also_said) in combinations(marked, 2):
            assert abs(one - other) > 2 * TOLERANCE * max(abs(one), abs(other))
            assert said != also_said


def test_a_number_off_every_known_slip_is_told_the_method() -> None:
    question = next(q for q in NUMBERS if q.id == "q_loss")
    problem = question.build(-1, -11, 0.3)
    assert question.mark(problem, "0.0486").correct
    assert question.mark(problem, "0.0490").correct
    verdict = question.mark(problem, "0.06")
    assert not verdict.correct
    assert problem.method in verdict.feedback


@each_choice
def test_every_option_has_its_own_text_and_feedback(question: ChoiceQuestion) -> None:
    assert 3 <= len(question.options) <= 4
    assert question.options.keys() == question.feedback.keys()
    for texts in (question.options.values(), question.feedback.values()):
        assert len(set(texts)) == len(texts)
        assert all(texts)
    assert [o for o in question.options if question.mark(o).correct] == [question.right]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (" .5 ", 0.5),
        ("0,127", 0.127),
        ("−1.5", -1.5),
        ("+2", 2),
        ("1e18", 1e18),
        ("88.1%", 0.881),
        ("88.1 %", 0.881),
        ("1/2", 0.5),
        ("- 3 / 4", -0.75),
        ("ln 2", math.log(2)),
        ("-LN(0,5)", math.log(2)),
        ("ln2/.1", 10 * math.log(2)),
    ],
)
def test_numbers_are_read_as_written(text: str, value: float) -> None:
    assert read_number(text, SHARE) == pytest.approx(value)


@pytest.mark.parametrize(
    "text",
    [
        "x",
        "nan",
        "inf",
        "-inf",
        "1e999",
        "1_000",
        "1,000.5",
        "٣",
        "--1",
        "%",
        "1/",
        "ln 0x",
        "ln -1",
        "ln(2",
        "1/0",
        "",
    ],
)
def test_what_is_no_number_leaves_the_question_open_and_says_so(text: str) -> None:
    with pytest.raises(NotANumber):
        read_number(text, SHARE)
    result = compute(Params.model_validate({"q_preference": text}))
    question = asked(result, "q_preference")
    assert (question.answer or "", question.correct, question.right_answer) == (text, None, None)
    assert (result.answered, result.score) == (0, 0)
    if text:
        assert f"“{text}” is" in (question.feedback or "")


def test_a_percent_sign_counts_only_where_it_has_a_meaning() -> None:
    assert read_number("3.1%", POINTS) == pytest.approx(3.1)
    with pytest.raises(NotANumber, match="without a percent sign"):
        read_number("3.1%", NATS)


# ---- the sheet ----------------------------------------------------------------------------------


def test_the_parameters_are_the_seed_and_the_questions() -> None:
    assert set(Params.model_fields) == {"seed", *QUESTIONS}


def test_no_parameter_but_the_seed_is_that_of_another_widget() -> None:
    others: list[type[WidgetParams]] = [w.params for n, w in WIDGETS.items() if n != "quiz"]
    names = {field for params in others for field in params.model_fields}
    assert not names & set(QUESTIONS)


def test_the_questions_cover_all_sections_and_cite_what_exists() -> None:
    assert {question.section for question in QUESTIONS.values()} == {s.slug for s in SECTIONS}
    assert len(QUESTIONS) >= 14
    assert len(NUMBERS) >= 5
    for question in QUESTIONS.values():
        for source in question.sources:
            assert source.key in references(), question.id


@given(seed=st.integers(0, 999_999))
def test_right_answers_give_the_full_score_on_every_sheet(seed: int) -> None:
    result = compute(Params(seed=seed, **right_answers(seed)))
    assert [q.id for q in result.questions if not q.correct] == []
    assert result.score == result.answered == result.total == len(QUESTIONS)
    assert result.finding.endswith("That is all of them.")
    for question in result.questions:
        if question.kind == "choice":
            assert question.right_answer == next(
                option.text for option in question.options if option.id == question.answer
            )


def test_before_an_answer_nothing_is_told() -> None:
    result = compute(Params(seed=5))
    for question in result.questions:
        told = (question.answer, question.correct, question.feedback)
        assert (*told, question.right_answer, question.receipt) == (None,) * 5
    assert (result.answered, result.score) == (0, 0)


def test_one_answer_tells_nothing_about_the_other_questions() -> None:
    result = compute(Params.model_validate({"q_partition": "is_one"}))
    assert [q.id for q in result.questions if q.correct is not None] == ["q_partition"]
    assert asked(result, "q_partition").correct is False
    assert "V. The key DPO insight" in result.finding


def test_the_same_seed_gives_the_same_sheet_and_others_differ() -> None:
    assert compute(Params(seed=3)) == compute(Params(seed=3))
    sheets = [compute(Params(seed=seed)) for seed in range(20)]
    orders = {tuple(q.id for q in sheet.questions) for sheet in sheets}
    assert len(orders) == 20
    for question in QUESTIONS.values():
        if isinstance(question, ChoiceQuestion):
            firsts = Counter(asked(s, question.id).options[0].id for s in sheets)
            assert len(firsts) > 1, question.id
        else:
            assert len({asked(s, question.id).text for s in sheets}) > 1, question.id


def test_answers_do_not_change_the_sheet() -> None:
    empty, full = compute(Params(seed=8)), compute(Params(seed=8, **right_answers(8)))
    for before, after in zip(empty.questions, full.questions, strict=True):
        assert (before.id, before.text, before.options) == (after.id, after.text, after.options)


def test_the_global_random_state_is_left_alone() -> None:
    before = torch.get_rng_state()
    compute(Params(seed=4))
    assert torch.equal(torch.get_rng_state(), before)


# ---- at the endpoint ----------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["9" * 41, "a\x00b", "1\n2"])
def test_a_text_too_long_or_unprintable_is_refused_with_the_field(text: str) -> None:
    with pytest.raises(ValidationError, match="q_loss"):
        Params.model_validate({"q_loss": text})


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("q_partition=is_one", "In general it is not"),
        ("q_loss=0.493", "β was applied twice"),
        ("q_paper_beta=dialogue_larger", "It is the other way round"),
    ],
)
def test_an_address_with_an_answer_alone_shows_its_question(
    client: TestClient, query: str, said: str
) -> None:
    html = BeautifulSoup(client.get(f"/widgets/quiz?{query}").text, "html.parser")
    [shown] = html.select("[data-question][data-shown]")
    assert said in shown.text
    [readout] = html.select("[data-readout] > .js-only")
    assert said in readout.text


def test_an_address_says_which_question_is_shown(client: TestClient) -> None:
    order = [question.id for question in compute(Params(seed=6)).questions]
    for number in (1, 2, len(order)):
        for address in (
            f"/widgets/quiz?seed=6&at={number}",
            f"/sections/bigger-picture?seed=6&quiz.at={number}",
        ):
            html = BeautifulSoup(client.get(address).text, "html.parser")
            [shown] = html.select("[data-question][data-shown]")
            assert shown["data-question"] == order[number - 1]
            [primary] = html.select('dpo-widget[name="quiz"] [data-primary]')
            assert primary.parent is shown
    for number in (0, len(order) + 1):
        refusal = client.get(f"/widgets/quiz?at={number}")
        assert refusal.status_code == 422
        assert f"from 1 to {len(order)}" in refusal.text
