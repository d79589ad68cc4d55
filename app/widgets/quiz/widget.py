"""A quiz on all ten sections."""

from __future__ import annotations

from app.widgets.base import Widget
from app.widgets.plan import COMPUTED
from app.widgets.quiz import QUESTIONS
from app.widgets.quiz.sheet import Params, QuizResult, compute, opening

TITLE = "Questions on all ten sections"

WIDGET = Widget(
    name="quiz",
    title=TITLE,
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
    export=COMPUTED,
)
