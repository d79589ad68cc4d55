"""The questions of the quiz: choices as data, numbers as functions that torch answers."""

from __future__ import annotations

from app.widgets.quiz.choices_added import ADDED_CHOICES
from app.widgets.quiz.choices_early import EARLY_CHOICES
from app.widgets.quiz.choices_late import LATE_CHOICES
from app.widgets.quiz.kinds import ChoiceQuestion, NumberQuestion
from app.widgets.quiz.numbers_early import EARLY_NUMBERS
from app.widgets.quiz.numbers_late import LATE_NUMBERS

QUESTIONS: dict[str, ChoiceQuestion | NumberQuestion] = {
    question.id: question
    for question in (*EARLY_CHOICES, *LATE_CHOICES, *EARLY_NUMBERS, *LATE_NUMBERS, *ADDED_CHOICES)
}
"""all questions by id, which is also the name of the answer's parameter"""

ADDED = tuple(question.id for question in ADDED_CHOICES)
"""those that come after the others on every sheet"""
