"""Optima in the browser's lab have the numbers that torch has."""

from __future__ import annotations

from dataclasses import asdict
from itertools import product
from typing import Any

import pytest

from app.lab.optima import beta_points, optima, reference_numbers, reward_histogram
from app.lab.reward_model import RewardKind
from tests.lab.named_lab import answer_with_lab

PROMPTS = (0, 3)
REWARDS = (None, *RewardKind)
BETAS = (0.1, 0.01, 1.0, 10.0)
NATS = 1e-9


def _same(there: Any, here: Any) -> bool:
    """Equal, numbers within rounding."""
    if isinstance(here, dict):
        return there.keys() == here.keys() and all(_same(there[key], here[key]) for key in here)
    if isinstance(here, list | tuple):
        return len(there) == len(here) and all(map(_same, there, here))
    return bool(there == pytest.approx(here, rel=NATS, abs=NATS))


def test_optima_have_the_same_numbers() -> None:
    found = answer_with_lab("optima.js", prompts=PROMPTS, rewards=REWARDS, betas=BETAS)
    for (prompt, reward), there in zip(product(PROMPTS, REWARDS), found, strict=True):
        here = {
            "optima": [asdict(one) for one in optima(prompt, reward, BETAS)],
            "reference": asdict(reference_numbers(prompt, reward)),
            "points": [asdict(point) for point in beta_points(prompt, reward)],
            "histogram": reward_histogram(prompt, reward, BETAS[0], 48),
        }
        for part in here:
            assert _same(there[part], here[part]), (prompt, reward, part)
