"""Precomputed verdicts of the quiz: on each option, and on each number that is right or a known slip.

All are computed by the quiz itself; an offline copy only looks them up.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field

from app.content.sections import SECTIONS
from app.widgets.quiz import QUESTIONS
from app.widgets.quiz.kinds import TOLERANCE, ChoiceQuestion, NumberQuestion
from app.widgets.quiz.sheet import Params, Question, QuizParams, compute, number_problem

PLACEHOLDER = "¤"
"""stands for the typed text in the feedback on a text that is not a number"""

NO_SLIP = "9.87654321e99"
TOO_LARGE = "1e999"
PERCENT = "1%"


class NumberRange(BaseModel):
    """A range of numbers with the same verdict."""

    low: float = Field(description="the least of them")
    high: float = Field(description="the greatest")
    verdict: Question = Field(description="the question with this answer")


class NumberVerdicts(BaseModel):
    """All verdicts on answers to a number question."""

    percent: float | None = Field(
        description="what a percent sign multiplies by; null: not allowed"
    )
    spots: list[NumberRange] = Field(description="the right one first; the first that fits counts")
    other: Question = Field(description="with a number that is in none of them")
    unreadable: Question = Field(description="with a text that is no number")
    too_large: Question = Field(description="with a number beyond all that can be written")
    percent_refused: Question | None = Field(
        description="with a percent sign that may not be there"
    )


class SheetVerdicts(BaseModel):
    """All verdicts on a sheet."""

    options: dict[str, dict[str, Question]] = Field(description="by question and option")
    numbers: dict[str, NumberVerdicts] = Field(description="by question")
    sections: dict[str, str] = Field(description="slug to what the finding calls a section")


def verdicts(params: QuizParams) -> SheetVerdicts:
    """All verdicts on the sheet of a seed.

    Raises:
        ValueError: the quiz's verdict differs from the one expected at that number
    """
    return SheetVerdicts(
        options={
            name: {option: _marked(params.seed, name, option) for option in question.options}
            for name, question in QUESTIONS.items()
            if isinstance(question, ChoiceQuestion)
        },
        numbers={
            name: _numbers(params.seed, name, question)
            for name, question in QUESTIONS.items()
            if isinstance(question, NumberQuestion)
        },
        sections={section.slug: f"{section.numeral}. {section.title}" for section in SECTIONS},
    )


def _marked(seed: int, name: str, answer: str) -> Question:
    state: dict[str, Any] = {"seed": seed, name: answer}
    return next(q for q in compute(Params(**state)).questions if q.id == name)


def _numbers(seed: int, name: str, question: NumberQuestion) -> NumberVerdicts:
    problem = number_problem(question, seed)
    spots: list[NumberRange] = []
    for value in (problem.value, *(mistake.value for mistake in problem.mistakes)):
        low, high = sorted((value * (1 - TOLERANCE), value * (1 + TOLERANCE)))
        spots.append(NumberRange(low=low, high=high, verdict=_marked(seed, name, repr(value))))
    for one in spots[1:]:
        if any(
            one.low <= other.high and other.low <= one.high for other in spots if other is not one
        ):
            raise ValueError(f"answers to {name} with seed {seed} overlap")
    no_percent = question.unit.percent is None
    return NumberVerdicts(
        percent=question.unit.percent,
        spots=spots,
        other=_marked(seed, name, NO_SLIP),
        unreadable=_marked(seed, name, PLACEHOLDER),
        too_large=_with_placeholder(_marked(seed, name, TOO_LARGE)),
        percent_refused=_marked(seed, name, PERCENT) if no_percent else None,
    )


def _with_placeholder(question: Question) -> Question:
    told = (question.feedback or "").replace(TOO_LARGE, PLACEHOLDER)
    return question.model_copy(update={"feedback": told})
