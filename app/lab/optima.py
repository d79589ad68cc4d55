"""The optimum of a reward on one prompt, told in numbers: at any beta, and along all of them.

pi_r(y|x) = pi_ref(y|x) exp(r(x,y) / beta) / Z(x), Eq. 4 of DPO (arXiv 2305.18290). The reward is true
quality, or that of a reward model of the lab; both have mean 0 under the reference.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import torch
from torch import Tensor
from torch.func import vmap

from app.lab.exact import (
    conditional_logps,
    entropy,
    expectation,
    kl_divergence,
    phrase_marginals,
)
from app.lab.optimum import log_partition, optimal_logps
from app.lab.quantiles import even_quantiles, mass_above, quantiles
from app.lab.reward_model import RewardKind
from app.lab.trained import PromptFacts, the_lab
from app.lab.world import all_responses

CURVE_BETAS: tuple[float, ...] = tuple(torch.logspace(-2, 1, 61, dtype=torch.float64).tolist())

LISTED = 3
"""number of responses that gain most, and of those that lose most"""

PARTS = 100
"""of a distribution, each of the same probability"""

TOP = torch.tensor([0.99], dtype=torch.float64)
"""level of the reference's quantile that ``beyond_reference`` is measured from"""


@dataclass(frozen=True)
class MovedResponse:
    """A response under the reference and under an optimum."""

    phrases: list[int]
    log_ratios: list[float]
    """log pi_r - log pi_ref of each phrase, given those before it, nats"""
    reference_probability: float
    probability: float
    reward: float
    true_quality: float


@dataclass(frozen=True)
class OptimumNumbers:
    """An optimum."""

    kl: float
    """KL(pi_r || pi_ref), nats"""
    expected_reward: float
    true_quality: float
    log_partition: float
    """log Z(x)"""
    effective_responses: float
    """exp(entropy)"""
    beyond_reference: float
    """probability of a reward above the 99% quantile under the reference"""
    favorite: list[int]
    """the most probable response"""
    favorite_probability: float
    gaining: list[MovedResponse]
    """which gain most probability, the most first"""
    losing: list[MovedResponse]
    shares: list[list[float]]
    """how often each phrase is said in its slot, shape: (5, 6)"""
    rewards: list[float]
    """the reward in the middle of each part of the distribution, ascending"""


@dataclass(frozen=True)
class ReferenceNumbers:
    """The reference, as far as an optimum is compared with it."""

    shares: list[list[float]]
    """how often each phrase is said in its slot, shape: (5, 6)"""
    rewards: list[float]
    """the reward in the middle of each part of the distribution, ascending"""
    top: float
    """the 99% quantile of the reward"""
    highest: float
    """reward of all responses"""


@dataclass(frozen=True)
class BetaPoint:
    """The optimum at one of ``CURVE_BETAS``."""

    beta: float
    kl: float
    expected_reward: float
    true_quality: float


def reward_of(facts: PromptFacts, learned: RewardKind | None) -> Tensor:
    """Reward of all responses: that of a reward model, or true quality. Shape: (7776,)."""
    return facts.learned_rewards[learned] if learned else facts.true_quality


@cache
def reference_numbers(prompt: int, learned: RewardKind | None) -> ReferenceNumbers:
    """What optima of a reward are compared with."""
    facts = the_lab().facts(prompt)
    reward, reference = reward_of(facts, learned), facts.reference_logps
    return ReferenceNumbers(
        shares=phrase_marginals(reference).tolist(),
        rewards=even_quantiles(reference, reward, PARTS).tolist(),
        top=float(quantiles(reference, reward, TOP)),
        highest=float(reward.max()),
    )


@cache
def beta_points(prompt: int, learned: RewardKind | None) -> tuple[BetaPoint, ...]:
    """The optimum at each of ``CURVE_BETAS``; there are eighteen such curves in all."""
    facts = the_lab().facts(prompt)
    reward = reward_of(facts, learned)
    points = []
    for beta in CURVE_BETAS:
        optimal = optimal_logps(facts.reference_logps, reward, beta)
        points.append(
            BetaPoint(
                beta=beta,
                kl=float(kl_divergence(optimal, facts.reference_logps)),
                expected_reward=float(expectation(optimal, reward)),
                true_quality=float(expectation(optimal, facts.true_quality)),
            )
        )
    return tuple(points)


def optima(prompt: int, learned: RewardKind | None, betas: Sequence[float]) -> list[OptimumNumbers]:
    """The optimum at each of several betas, all at once."""
    facts, top = the_lab().facts(prompt), reference_numbers(prompt, learned).top
    reward, reference = reward_of(facts, learned), facts.reference_logps
    several = torch.tensor(betas, dtype=torch.float64)
    optimal = vmap(optimal_logps, (None, None, 0))(reference, reward, several)
    most, favorites = optimal.exp().max(1)
    gain = optimal.exp() - reference.exp()
    ends = [gain.topk(LISTED, largest=largest).indices for largest in (True, False)]
    moved = _moved(facts, reward, optimal, torch.cat(ends, 1))
    columns = (
        vmap(kl_divergence, (0, None))(optimal, reference),
        vmap(expectation, (0, None))(optimal, reward),
        vmap(expectation, (0, None))(optimal, facts.true_quality),
        vmap(log_partition, (None, None, 0))(reference, reward, several),
        vmap(entropy)(optimal).exp(),
        mass_above(optimal, reward, top),
        all_responses()[favorites],
        most,
    )
    ordered = even_quantiles(optimal, reward, PARTS)
    shares = vmap(phrase_marginals)(optimal)
    rows = zip(*(column.tolist() for column in columns), strict=True)
    parts = zip(rows, moved, shares.tolist(), ordered.tolist(), strict=True)
    return [
        OptimumNumbers(*row, listed[:LISTED], listed[LISTED:], *rest)  # type: ignore[call-arg]
        for row, listed, *rest in parts
    ]


def _moved(
    facts: PromptFacts, reward: Tensor, optimal: Tensor, numbers: Tensor
) -> list[list[MovedResponse]]:
    """The responses of these numbers under each optimum. Shapes: (betas, 7776), (betas, listed)."""
    rows, reference = all_responses()[numbers], facts.reference_logps
    before = conditional_logps(reference, rows.flatten(0, 1)).view(rows.shape)
    columns = (
        rows,
        vmap(conditional_logps)(optimal, rows) - before,
        reference.exp()[numbers],
        optimal.exp().gather(1, numbers),
        reward[numbers],
        facts.true_quality[numbers],
    )
    states = zip(*(column.tolist() for column in columns), strict=True)
    return [[MovedResponse(*values) for values in zip(*state, strict=True)] for state in states]


def reward_histogram(
    prompt: int, learned: RewardKind | None, beta: float, bins: int
) -> tuple[list[float], list[float], list[float]]:
    """Rewards at the middle of even bins, and their probability under the reference and the optimum."""
    facts = the_lab().facts(prompt)
    reward, reference = reward_of(facts, learned), facts.reference_logps
    low, high = float(reward.min()), float(reward.max())
    edges = torch.linspace(low, high, bins + 1, dtype=torch.float64)
    place = ((reward - low) / (high - low) * bins).long().clamp(0, bins - 1)

    def mass(logps: Tensor) -> list[float]:
        empty = torch.zeros(bins, dtype=torch.float64)
        found: list[float] = empty.index_add(0, place, logps.exp()).tolist()
        return found

    centers: list[float] = ((edges[1:] + edges[:-1]) / 2).tolist()
    return centers, mass(reference), mass(optimal_logps(reference, reward, beta))
