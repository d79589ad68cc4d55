"""The parts of the quiz at the ends of sections: the same questions, marked in the same way."""

from __future__ import annotations

import re

import pytest
from bs4 import BeautifulSoup
from starlette.testclient import TestClient

from app.content.sections import SECTIONS
from app.widgets.quiz import QUESTIONS
from app.widgets.quiz.kinds import NumberQuestion
from app.widgets.quiz.parts import AT_THE_END, part_of
from app.widgets.quiz.sheet import Params, QuizResult, compute
from tests.terms import INTRODUCED

SLUGS = [section.slug for section in SECTIONS]
OTHERS = [section for section in SECTIONS if section.slug != "bigger-picture"]
each_section = pytest.mark.parametrize("slug", [section.slug for section in OTHERS])


def test_every_section_but_that_of_the_quiz_ends_with_two_or_three_questions_of_its_own() -> None:
    assert [*AT_THE_END] == [section.slug for section in OTHERS]
    for slug, names in AT_THE_END.items():
        assert 2 <= len(names) <= 3
        assert {QUESTIONS[name].section for name in names} == {slug}


@each_section
def test_a_part_asks_and_marks_as_the_whole_sheet_does(slug: str) -> None:
    part = part_of(slug)
    assert part is not None
    names = AT_THE_END[slug]
    for answer in ("", *names):
        given = {answer: _wrong(answer)} if answer else {}
        whole, own = compute(Params(**given)), part.compute(part.params(**given))
        assert isinstance(own, QuizResult)
        assert own.questions == [one for one in whole.questions if one.id in names]
        assert (own.answered, own.score, own.total) == (len(given), 0, len(names))


@each_section
def test_neither_questions_nor_verdicts_use_a_term_of_a_later_section(slug: str) -> None:
    later = [term for after in SLUGS[SLUGS.index(slug) + 1 :] for term in INTRODUCED[after]]
    for name in AT_THE_END[slug]:
        for text in _texts(name):
            for term in later:
                assert not re.search(rf"(?<!\w)(?:{term})(?!\w)", text), (term, text)


def _texts(name: str) -> list[str]:
    question = QUESTIONS[name]
    if isinstance(question, NumberQuestion):
        problem = question.build(*question.cases[0])
        slips = [mistake.feedback for mistake in problem.mistakes]
        return [problem.text, problem.right, problem.method, *slips]
    return [question.text, *question.options.values(), *question.feedback.values()]


def _wrong(name: str) -> str:
    question = QUESTIONS[name]
    if isinstance(question, NumberQuestion):
        return "9e9"
    return next(option for option in question.options if option != question.right)


def test_the_address_of_a_section_has_answers_to_its_own_questions_only(client: TestClient) -> None:
    page = client.get("/sections/reward-modeling?q_offset=rise&reward_chosen=1")
    html = BeautifulSoup(page.text, "html.parser")
    [answered] = html.select('[data-question="q_offset"]')
    assert "They cannot all rise" in answered.text
    assert [one["data-question"] for one in html.select("[data-question]")] == [
        "q_preference",
        "q_offset",
    ]
    for query in ("q_pair=once", "seed=3", "q_offset=nothing"):
        assert client.get(f"/sections/reward-modeling?{query}").status_code == 422
