"""The quiz shows one question at a time and draws nothing."""

from __future__ import annotations

from app.charts.stage import Stage
from app.widgets.quiz.sheet import PartParams, QuizResult, opening
from app.widgets.quiz.widget import TITLE

# What stands in the page beside each question, whatever the sheet.
LEAVE_OUT = {"questions": {"__all__": {"section", "sources", "unit", "hint"}}}


def stage(params: PartParams, result: QuizResult) -> Stage:
    """The places of a sheet: its questions, counted from 1."""
    return Stage(TITLE, wide=0, narrow=0, places=result.total + 1, opens=opening(params))
