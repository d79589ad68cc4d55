"""Shares of comparisons won: standard errors, tests of a difference; and dominated points."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import torch
from torch import Tensor

CONVINCING_Z = 1.96
"""|z| from which chance alone would give such a difference in less than one sample of twenty."""


@dataclass(frozen=True)
class Share:
    """A share of judgments won, in [0, 1], and how many there were, if that is known."""

    value: float
    n: int | None
    comparisons: int | None = None
    """how many comparisons were judged, once or twice each; None if each judgment has its own"""
    agreement: float | None = None
    """how often two judgments of one comparison agree"""


@dataclass(frozen=True)
class Difference:
    """A difference of two shares; what needs a sample size is None where there is none."""

    value: float
    standard_error: float | None
    z: float | None
    p_value: float | None
    """chance of a difference as large, in either direction, if there were none in truth"""


def share_won(wins: int, n: int) -> Share:
    """The share wins / n."""
    return Share(float(_exact(wins) / _exact(n)), n)


def design_effect(share: Share) -> float:
    """How many times larger the variance of a share is than if its judgments were independent.

    Two judgments of one comparison agree more often than two unrelated ones, which agree with
    probability p^2 + (1 - p)^2. The excess, as a fraction of the most that is possible, is their
    correlation rho (Scott's pi). Each comparison judged twice adds 2 rho p (1 - p) to the
    variance of the number of wins, n p (1 - p).
    """
    if share.n is None or share.comparisons is None or share.agreement is None:
        return 1.0
    p, twice = _exact(share.value), max(0, share.n - share.comparisons)
    by_chance = p**2 + (1 - p) ** 2
    correlation = (share.agreement - by_chance) / (1 - by_chance)
    return float(1 + 2 * correlation * twice / share.n)


def standard_error(share: Share) -> float | None:
    """Binomial standard error sqrt(p (1 - p) / n), times the root of the design effect."""
    if share.n is None:
        return None
    p = _exact(share.value)
    return float(torch.sqrt(p * (1 - p) * design_effect(share) / share.n))


def difference(first: Share, second: Share) -> Difference:
    """First minus second, taken as independent samples: squared standard errors add up."""
    errors = [standard_error(first), standard_error(second)]
    known = [error for error in errors if error is not None]
    gap = float(_exact(first.value) - _exact(second.value))
    if len(known) < 2:
        return Difference(gap, None, None, None)
    return _tested(gap, float(torch.linalg.vector_norm(_exact(known))))


def difference_from_even(share: Share) -> Difference:
    """Share minus one half; the standard error is that of an even split."""
    gap = float(_exact(share.value) - 0.5)
    error = standard_error(replace(share, value=0.5))
    return Difference(gap, None, None, None) if error is None else _tested(gap, error)


def sample_size_to_convince(first: float, second: float) -> int:
    """How many comparisons each of two shares would need for their difference to reach
    ``CONVINCING_Z``. Raises ValueError if they are equal."""
    if first == second:
        raise ValueError("no sample size makes a difference of equal shares")
    p = _exact([first, second])
    variance = (p * (1 - p)).sum()
    return math.ceil(float(CONVINCING_Z**2 * variance / (p[0] - p[1]) ** 2))


def dominated(points: Tensor, by: Tensor) -> Tensor:
    """Which points have one in ``by`` with more reward at no more KL.

    Args:
        points: rows of (KL, reward). Shape: (n, 2)
        by: the same. Shape: (m, 2)

    Returns:
        Shape: (n,), bool.
    """
    cheaper = by[None, :, 0] <= points[:, None, 0]
    better = by[None, :, 1] > points[:, None, 1]
    return (cheaper & better).any(dim=1)


def best_within(points: Tensor, kl: float) -> float | None:
    """The highest reward among rows of (KL, reward) with at most this KL. Shape: (n, 2)."""
    rewards = points[points[:, 0] <= kl, 1]
    return float(rewards.max()) if len(rewards) else None


def _tested(gap: float, error: float) -> Difference:
    z = _exact(gap) / error
    p_value = torch.special.erfc(z.abs() / math.sqrt(2))
    return Difference(gap, error, float(z), float(p_value))


def _exact(value: float | list[float]) -> Tensor:
    return torch.tensor(value, dtype=torch.float64)
