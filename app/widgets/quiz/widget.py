"""A quiz on all ten sections, marked by the server."""

from __future__ import annotations

from app.widgets.base import Widget
from app.widgets.plan import Plan
from app.widgets.quiz import QUESTIONS
from app.widgets.quiz.sheet import Params, QuizResult, compute, opening
from app.widgets.quiz.verdicts import verdicts

WIDGET = Widget(
    name="quiz",
    title="Questions on all ten sections",
    caption=(
        "Choose an option or type a number, and read why it is right or what misconception "
        "lies behind it. The seed sets the order and the numbers, and torch computes the answers."
    ),
    params=Params,
    result=QuizResult,
    compute=compute,
    example="seed=7&q_partition=is_one&q_first_loss=ln2",
    places=len(QUESTIONS),
    opens=opening,
    export=Plan(
        "gridded",
        "Ten sheets are here, seeds 0 to 9, each with its verdicts; every answer is looked up among them.",
        ({"seed": range(10)},),
        free=tuple(QUESTIONS),
        beside=verdicts,
    ),
)
