"""Over-optimization in the lab: true and learned reward as a policy leaves the reference.

After Gao, Schulman and Hilton (arXiv 2210.10760): best-of-N and PPO without a KL penalty, against
reward models fitted to few or many comparisons, and their functional forms fitted to what we measure.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from torch import Tensor

from app.lab.measure import Measurement, measure, measure_policy
from app.lab.optimum import best_of_n_logps
from app.lab.ppo import PPOConfig, PPOTrainer
from app.lab.reward_model import RewardKind, train_reward_model
from app.lab.trained import Lab, centered_rewards

SIZES = (50, 100, 200, 500, 1000, 2000, 4000, 8000)
"""Comparisons that a reward model is fitted to."""

DRAWS = tuple(2**power for power in range(13))
"""N of best-of-N, from 1 to 4,096."""

MEASURED_EVERY = 3
"""Iterations of PPO between two measurements."""


@dataclass(frozen=True)
class Climb:
    """Everything that determines one reward model climbed by one method."""

    prompt: int
    method: str
    """best_of_n or ppo"""
    comparisons: int
    seed: int
    reward_model: RewardKind = RewardKind.additive


def climb(lab: Lab, task: Climb) -> list[Measurement]:
    """Fit a reward model and climb it; exact measurements from the reference outwards.

    Raises:
        ValueError: unknown method
    """
    facts = lab.facts(task.prompt)
    pairs = lab.comparisons(task.prompt, task.seed, task.comparisons)
    reward_model, _ = train_reward_model(task.reward_model, lab.reference_policy, pairs, task.seed)
    learned = centered_rewards(reward_model, facts.reference_logps)
    if task.method == "best_of_n":
        return [
            measure(best_of_n_logps(facts.reference_logps, learned, n), facts, learned)
            for n in DRAWS
        ]
    if task.method != "ppo":
        raise ValueError(f"unknown method {task.method!r}")
    config = PPOConfig(kl_coefficient=0.0, seed=task.seed)
    trainer = PPOTrainer(lab.reference_policy, reward_model, task.prompt, config)
    found = [measure_policy(trainer.policy, facts, learned)]
    while trainer.iterations_done < config.iterations:
        for _ in range(MEASURED_EVERY):
            trainer.step()
        found.append(measure_policy(trainer.policy, facts, learned))
    return found


@dataclass(frozen=True)
class Fit:
    """A functional form of Gao et al., their alpha and beta here a and b, fitted by least squares."""

    a: float
    b: float
    error: float
    """root mean square error, in units of true quality"""
    points: int


def fit_form(method: str, distance: Tensor, true_quality: Tensor) -> Fit:
    """R(d) = d (a - b d) for best-of-N, d (a - b log d) for RL, d = sqrt(KL).

    Both are linear in a and b. Points at d = 0, where R is 0 by definition, say nothing and
    are left out. Eq. in section 1 of arXiv 2210.10760; the RL form is not meant to hold near d = 0.

    Args:
        distance: sqrt(KL in nats), shape: (points,)
        true_quality: expected r*, shape: (points,)

    Raises:
        ValueError: fewer than two points away from 0
    """
    away = distance > 1e-6
    d, r = distance[away].double(), true_quality[away].double()
    if len(d) < 2:
        raise ValueError("a fit needs at least two points away from the reference")
    falling = -d * _falling_factor(method, d)
    # Least squares by hand: the falling term orthogonal to d first, then d.
    beyond = falling - d * (_dot(d, falling) / _dot(d, d))
    b = _dot(beyond, r) / _dot(beyond, beyond)
    a = _dot(d, r - b * falling) / _dot(d, d)
    missed = a * d + b * falling - r
    return Fit(a, b, math.sqrt(_dot(missed, missed) / len(d)), len(d))


def _dot(one: Tensor, other: Tensor) -> float:
    """A sum of products, rounded once. Shapes: (points,), (points,).

    ``torch.linalg.lstsq`` and matrix products add up in an order that depends on where in memory their
    operands happen to lie, so last digits would differ between two answers to one address.
    """
    return math.fsum((one * other).tolist())


def form(method: str, fit: Fit, distance: Tensor) -> Tensor:
    """The fitted curve. Shapes: (points,) -> (points,)."""
    safe = distance.clamp_min(1e-12)
    return distance * (fit.a - fit.b * _falling_factor(method, safe))


def _falling_factor(method: str, distance: Tensor) -> Tensor:
    return distance if method == "best_of_n" else distance.log()
