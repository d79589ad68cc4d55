"""A reader's own labels: pairs to choose between, a Bradley-Terry model of the choices with its
uncertainty, and DPO on them.

The model is linear in a few attributes of a response, sigma(w . (f(first) - f(second))), with a
Gaussian prior on w. The posterior is approximated by a Gaussian at its maximum (Laplace).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from app.lab.dpo import DPOConfig, train_dpo
from app.lab.draws import Draws, Stream
from app.lab.exact import expectation
from app.lab.network.policy import Policy
from app.lab.preferences import Comparisons
from app.lab.world import World, response_number, sum_over_slots

FEATURES = ("helpful", "harmless", "honest", "flattering")
"""What the model sees of a response: each attribute summed over its five phrases."""

PRIOR_SD = 1.0
"""Standard deviation of the prior on each weight, in log-odds per unit of its feature."""

HELD_BACK_EVERY = 4
"""The fourth label, the eighth and so on train nothing: agreement is measured on them."""

LABEL_DPO_CONFIG = DPOConfig(beta=0.3, learning_rate=1e-3, steps=60)
"""A run on a few labels: every step takes all of them."""

NEWTON_STEPS = 50
CONVERGED = 1e-10
ROUNDING = 1e-13


@dataclass(frozen=True)
class Pairs:
    """Pairs without a label, for one prompt. ``first`` and ``second`` have shape (pairs, 5)."""

    prompt: int
    first: Tensor
    second: Tensor

    def responses(self, place: int) -> tuple[list[int], list[int]]:
        """The phrase numbers of both responses of a pair."""
        return self.first[place].tolist(), self.second[place].tolist()

    def labeled(self, first_chosen: Sequence[bool]) -> Comparisons:
        """The first of the pairs with labels, at most one a pair: whether the first response was chosen."""
        first, second = self.first[: len(first_chosen)], self.second[: len(first_chosen)]
        wins = torch.tensor(first_chosen, dtype=torch.bool).unsqueeze(1)
        return Comparisons(
            self.prompt, torch.where(wins, first, second), torch.where(wins, second, first)
        )


@dataclass(frozen=True)
class Posterior:
    """Gaussian approximation of what is known of the weights."""

    mean: Tensor
    """the weights of highest posterior density, shape: (features,), float64"""
    covariance: Tensor
    """inverse Hessian of the negative log posterior there, shape: (features, features)"""

    @property
    def sd(self) -> Tensor:
        """Standard deviation of each weight. Shape: (features,)."""
        return self.covariance.diagonal().sqrt()

    @property
    def weights(self) -> list[tuple[float, float]]:
        """Mean and standard deviation of the weight of each feature."""
        return list(zip(self.mean.tolist(), self.sd.tolist(), strict=True))

    def probability(self, difference: Tensor) -> float:
        """E[ sigma(w . difference) ]: the chance of a choice, the weights being uncertain.

        The margin is Gaussian, so this is an integral over one number, done on a grid.

        Args:
            difference: features of one response minus those of the other, shape: (features,)
        """
        margin = self.mean @ difference
        sd = (difference @ self.covariance @ difference).sqrt()
        z = torch.linspace(-9, 9, 721, dtype=torch.float64)
        weight = torch.softmax(-z.square() / 2, 0)
        return float((weight * torch.sigmoid(margin + sd * z)).sum())


def draw_pairs(policy: Policy, prompt: int, count: int, seed: int) -> Pairs:
    """Pairs of two different responses, both sampled from a policy; the same for the same seed."""
    draws = Draws(seed, Stream.LABELED_PAIRS, prompt)
    first = second = torch.empty(0, 5, dtype=torch.long)
    while len(first) < count:
        one, other = (policy.sample(prompt, 2 * count, draws) for _ in range(2))
        differ = (one != other).any(1)
        first, second = torch.cat([first, one[differ]]), torch.cat([second, other[differ]])
    return Pairs(prompt, first[:count], second[:count])


def held_back(labels: int) -> Tensor:
    """Which of so many labels train nothing. Shape: (labels,), bool."""
    return (torch.arange(labels) + 1) % HELD_BACK_EVERY == 0


def parted(labeled: Comparisons) -> tuple[Comparisons, Comparisons]:
    """The labels that models are fitted to, and those that are held back."""
    kept = held_back(len(labeled))
    return labeled[~kept], labeled[kept]


def features(world: World, prompt: int, responses: Tensor) -> Tensor:
    """What the model sees of responses. Shapes: (n, 5) -> (n, features), float64."""
    columns = [sum_over_slots(world.attribute(name, prompt)) for name in FEATURES]
    return torch.stack(columns, 1)[response_number(responses)]


def feature_differences(world: World, pairs: Comparisons) -> Tensor:
    """Features of the chosen minus those of the rejected. Shape: (pairs, features), float64."""
    chosen, rejected = features(world, pairs.prompt, pairs.both()).chunk(2)
    return chosen - rejected


def flattery_choices(differences: Tensor) -> tuple[int, int]:
    """How many pairs differ in flattery, and in how many of them the chosen response flatters more.

    Args:
        differences: features of the chosen minus those of the rejected, shape: (pairs, features)
    """
    column = differences[:, FEATURES.index("flattering")]
    return int((column != 0).sum()), int((column > 0).sum())


def chance_of_first(world: World, pairs: Pairs, place: int, posterior: Posterior) -> float:
    """How probable it is that the first response of a pair is chosen."""
    both = torch.stack([pairs.first[place], pairs.second[place]])
    first, second = features(world, pairs.prompt, both)
    return posterior.probability(first - second)


def ranked_alike(differences: Tensor, posterior: Posterior) -> int:
    """How many pairs the weights rank as they are labeled.

    Args:
        differences: features of the chosen minus those of the rejected, shape: (pairs, features)
    """
    return int((differences @ posterior.mean > 0).sum())


def ranked_alike_by(logps: Tensor, reference_logps: Tensor, pairs: Comparisons) -> int:
    """How many pairs the implicit reward of a policy ranks as they are labeled.

    Args:
        logps: log pi(y|x) of all responses, shape: (7776,)
        reference_logps: log pi_ref(y|x) of all responses, shape: (7776,)
    """
    ratio = logps - reference_logps
    margins = ratio[response_number(pairs.chosen)] - ratio[response_number(pairs.rejected)]
    return int((margins > 0).sum())


def flattery(world: World, prompt: int, logps: Tensor) -> tuple[float, float]:
    """Expected number of flattering phrases, and probability of at least one. Shape of logps: (7776,)."""
    flattering = sum_over_slots(world.attribute("flattering", prompt))
    return float(expectation(logps, flattering)), float(logps.exp()[flattering > 0].sum())


def negative_log_posterior(weights: Tensor, differences: Tensor) -> Tensor:
    """-log p(labels | w) - log p(w) in nats, up to a constant.

    Shapes: (features,), (pairs, features) -> ()
    """
    prior = weights.square().sum() / (2 * PRIOR_SD**2)
    return prior - F.logsigmoid(differences @ weights).sum()


def fit(differences: Tensor) -> Posterior:
    """The weights by Newton's method, and their covariance by Laplace's approximation.

    The negative log posterior is strictly convex, so there is one optimum. A step is halved until
    it leads down.

    Args:
        differences: features of the chosen minus those of the rejected, float64,
            shape: (pairs, features); no pairs leave the prior
    """
    weights = torch.zeros(differences.shape[1], dtype=torch.float64)
    precision = torch.eye(len(weights), dtype=torch.float64) / PRIOR_SD**2

    def hessian() -> Tensor:
        p = torch.sigmoid(differences @ weights)
        return precision + differences.T @ ((p * (1 - p)).unsqueeze(1) * differences)

    for _ in range(NEWTON_STEPS):
        gradient = precision @ weights - differences.T @ torch.sigmoid(-differences @ weights)
        if gradient.abs().max() < CONVERGED:
            break
        step = torch.linalg.solve(hessian(), gradient)
        here, length = negative_log_posterior(weights, differences), 1.0
        # Near the optimum two values can differ by rounding alone: such a step leads nowhere worse.
        highest = here + ROUNDING * (1 + here.abs())
        while (
            length > CONVERGED
            and negative_log_posterior(weights - length * step, differences) > highest
        ):
            length /= 2
        weights = weights - length * step
    return Posterior(weights, torch.linalg.inv(hessian()))


def align(reference: Policy, pairs: Comparisons) -> Policy:
    """DPO from a copy of the reference policy on a reader's labels."""
    policy, _ = train_dpo(reference, pairs, LABEL_DPO_CONFIG)
    return policy


def coin_flips(flips: int) -> tuple[float, float]:
    """Mean and standard deviation of the heads of a fair coin."""
    return flips / 2, math.sqrt(flips) / 2
