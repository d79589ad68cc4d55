"""What chance alone would give: the tests that say whether a rule has the power to tell."""

from __future__ import annotations

import math

import torch
from torch import Tensor

UNLIKELY = 0.005
"""a result that is as improbable by chance is told from it: 8 of 8 tosses of a fair coin, 0.004"""


def at_least(successes: int, trials: int, probability: float = 0.5) -> float:
    """The exact probability of so many successes or more: the tail of the binomial distribution."""
    if successes <= 0:
        return 1.0
    k = torch.arange(successes, trials + 1, dtype=torch.float64)
    logs = (
        math.lgamma(trials + 1)
        - torch.lgamma(k + 1)
        - torch.lgamma(trials - k + 1)
        + k * math.log(probability)
        + (trials - k) * math.log1p(-probability)
    )
    return min(1.0, float(logs.exp().sum()))


def standard_error(values: Tensor) -> float:
    """Of a mean; infinite for a single value, which says nothing of how much others would differ."""
    return float(values.std()) / math.sqrt(len(values)) if len(values) > 1 else math.inf


def errors_from_0(correlation: float, pairs: int) -> float:
    """How many standard errors a correlation lies from 0, by Fisher's transformation."""
    within = max(-1 + 1e-12, min(1 - 1e-12, correlation))
    return math.atanh(within) * math.sqrt(max(0, pairs - 3))


def pairs_needed(share: float) -> int | None:
    """About how many pairs tell this share of successes from one half; None: no number does.

    The share has to lie 2.6 standard errors of a fair coin away, which is ``UNLIKELY``.
    """
    apart = abs(share - 0.5)
    return math.ceil((2.576 * 0.5 / apart) ** 2) if apart > 0 else None
