"""Exercises with numbers by seed: their answers agree with closed forms, read off the printed texts."""

from __future__ import annotations

import math
import re
from itertools import combinations

import pytest
import torch

from app.content.sections import SECTIONS
from app.lab.losses import PairLogps, preference_loss
from app.widgets.quiz.exercises import PAIRS, Exercise, exercises
from app.widgets.quiz.kinds import TOLERANCE

ALL = [exercise for seed in range(len(PAIRS)) for exercise in exercises(seed)]
"""with each of their numbers at least once"""


def printed(exercise: Exercise) -> list[float]:
    """The numbers of an exercise in the order in which a student reads them."""
    plain = exercise.text.replace("−", "-")
    return [float(number) for number in re.findall(r"-?\d+(?:\.\d+)?", plain)]


def logistic(z: float) -> float:
    return 1 / (1 + math.exp(-z))


def solved(sheet: list[Exercise]) -> list[list[float]]:
    """The answers of a sheet by closed forms in float64."""
    first, second = printed(sheet[0])
    score, logp, reference_logp, price = printed(sheet[1])
    p, q, s, *_, best, heat = printed(sheet[2])
    [beta] = printed(sheet[3])
    slope, probability = printed(sheet[4])
    wins, trials = printed(sheet[5])
    weights = [p, q * math.exp(1 / heat), s * math.exp(best / heat)]
    pair = sheet[3].pair
    assert pair is not None
    chosen = pair.policy_chosen.item() - pair.reference_chosen.item()
    rejected = pair.policy_rejected.item() - pair.reference_rejected.item()
    gap, target = chosen - rejected, 1 / (2 * beta)
    margin = beta * gap
    return [
        [logistic(first - second)],
        [score - price * (logp - reference_logp)],
        [sum(weights), weights[2] / sum(weights), best - 1],
        [
            *(chosen, rejected, margin, logistic(margin)),
            *(math.log1p(math.exp(-margin)), logistic(-margin)),
        ],
        [math.log(probability / (1 - probability)) / slope],
        [100 * math.sqrt(wins / trials * (1 - wins / trials) / trials)],
        [target, (gap - target) ** 2, 2 * (gap - target)],
    ]


def test_answers_agree_with_closed_forms() -> None:
    for seed in range(0, len(PAIRS), 5):
        sheet = exercises(seed)
        for exercise, right in zip(sheet, solved(sheet), strict=True):
            answers = [part.value for part in exercise.parts]
            assert answers == pytest.approx(right, rel=1e-9), exercise.title


def test_the_weight_is_that_of_the_gradient() -> None:
    for seed in range(20):
        exercise = exercises(seed)[3]
        [beta] = printed(exercise)
        pair = exercise.pair
        assert pair is not None
        chosen = pair.policy_chosen.clone().requires_grad_()
        logps = (pair.policy_rejected, pair.reference_chosen, pair.reference_rejected)
        loss = preference_loss("sigmoid", PairLogps(chosen, *logps), beta)
        (gradient,) = torch.autograd.grad(loss.sum(), chosen)
        assert exercise.parts[-1].value == pytest.approx(-gradient.item() / beta, rel=1e-9)


def test_the_same_seed_gives_the_same_sheet() -> None:
    assert repr(exercises(7)) == repr(exercises(7))


def test_the_working_says_what_ipo_does() -> None:
    for exercise in ALL:
        for part in exercise.parts:
            if "narrows the difference" in part.working:
                assert part.value > 0
            if "widens the difference" in part.working:
                assert part.value < 0


def test_slips_can_be_told_from_the_answer_and_from_one_another() -> None:
    for part in {part.ask + part.working: part for one in ALL for part in one.parts}.values():
        for one, other in combinations([part.value, *(slip.value for slip in part.slips)], 2):
            assert abs(one - other) > 2 * TOLERANCE * max(abs(one), abs(other)), part


def test_exercises_stand_in_the_order_of_the_sections() -> None:
    order = [section.slug for section in SECTIONS]
    places = [order.index(exercise.section) for exercise in exercises(0)]
    assert places == sorted(places)
