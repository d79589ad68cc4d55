"""Helpers of number questions: tensors, and numbers as text and as code."""

from __future__ import annotations

import torch
from torch import Tensor

from app.widgets.quiz.kinds import WrongValue


def tensor(*values: float) -> Tensor:
    """A float64 tensor of shape (values,)."""
    return torch.tensor(values, dtype=torch.float64)


def say(value: float) -> str:
    """A number of a question, as text."""
    return f"{value:g}".replace("-", "−")


def code(value: float) -> str:
    """A number of a question, as Python."""
    return f"({value:g})" if value < 0 else f"{value:g}"


def as_percent(value: float) -> WrongValue:
    """The mistake of writing a share as a percentage without its sign."""
    return WrongValue(
        100 * value,
        "That is the percentage without its sign. Write it as a share, or add the percent sign.",
    )
