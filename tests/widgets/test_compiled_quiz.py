"""The quiz as readers' browsers compute it: what is compiled marks answers as Python does."""

from __future__ import annotations

from itertools import zip_longest
from typing import Any

import pytest

from app.widgets.quiz import QUESTIONS
from app.widgets.quiz.kinds import ChoiceQuestion
from app.widgets.quiz.parts import AT_THE_END, part_of
from app.widgets.quiz.sheet import Params, PartParams, Question, QuizResult, compute, number_problem
from tests.lab.named_lab import answer_with_lab

SEEDS = (0, 7, 123_456, 999_999)
WRITTEN = (
    *(
        "about half",
        "1,5",
        "1/0",
        "1/4",
        "ln 2",
        "LOG(3) / 2",
        "25%",
        "25 %",
        "ln 2 / ln -1",
        "ln 0",
    ),
    *("1e999", "-1", "−0.5", "+.5", "1.", "1e-400", "0/0", "٣", "0x1", "ſ", "9.87654321e99"),
)
"""texts that are numbers, or not; each is an answer to every number question"""
UNSHOWN = {"section", "sources", "unit", "hint"}
"""what stands in the page whatever the sheet"""


def _given(seed: int) -> list[dict[str, str]]:
    """Sheets of answers, in which each question gets each of its options, or each text and known value."""
    columns = []
    for name, question in QUESTIONS.items():
        if isinstance(question, ChoiceQuestion):
            columns.append([(name, option) for option in question.options])
            continue
        problem = number_problem(question, seed)
        values = (problem.value, *(mistake.value for mistake in problem.mistakes))
        texts = [*WRITTEN, *map(repr, values), *(f"{value:.3g}" for value in values)]
        columns.append([(name, text) for text in texts])
    return [dict(filter(None, row)) for row in zip_longest(*columns)]


def _there(states: list[PartParams]) -> Any:
    given = [params.model_dump(mode="json") for params in states]
    return answer_with_lab("compiled_widget.js", name="quiz", states=given)


def _shown(question: Question) -> dict[str, Any]:
    return question.model_dump(mode="json", exclude=UNSHOWN)


@pytest.mark.parametrize("seed", SEEDS)
def test_every_option_known_value_and_text_gets_the_same_verdict(seed: int) -> None:
    states: list[PartParams] = [Params.model_validate({"seed": seed, **g}) for g in _given(seed)]
    for params, there in zip(states, _there(states), strict=True):
        here = compute(params)
        assert there["questions"] == [_shown(question) for question in here.questions]
        for name in ("finding", "seed", "answered", "score", "total"):
            assert there[name] == getattr(here, name)


def test_a_page_says_by_its_controls_which_questions_are_asked() -> None:
    for section, names in AT_THE_END.items():
        part = part_of(section)
        assert part is not None
        params = part.params.model_validate({names[-1]: _right(names[-1])})
        here = part.compute(params)
        assert isinstance(params, PartParams)
        assert isinstance(here, QuizResult)
        (there,) = _there([params])
        assert there["questions"] == [_shown(question) for question in here.questions]
        assert there["finding"] == here.finding


def _right(name: str) -> str:
    question = QUESTIONS[name]
    if isinstance(question, ChoiceQuestion):
        return question.right
    return repr(number_problem(question, 0).value)
