"""Quantiles of a value of responses, exactly: one response in a hundred, and how far each moves."""

from __future__ import annotations

import torch
from torch import Tensor


def quantiles(logps: Tensor, values: Tensor, levels: Tensor) -> Tensor:
    """The lowest value v with P(values <= v) >= level, for each level, under exp(logps).

    Args:
        logps: log-probability of each response, nats. Shape: (..., responses)
        values: what is asked about, such as its reward. Shape: (responses,)
        levels: shares of probability, each in (0, 1). Shape: (levels,)

    Returns:
        Shape: (..., levels), each one of ``values``.

    Raises:
        ValueError: if a level is not between 0 and 1.
    """
    if not bool(((levels > 0) & (levels < 1)).all()):
        raise ValueError("levels of quantiles lie between 0 and 1")
    ordered, order = torch.sort(values, stable=True)
    below = logps.exp()[..., order].cumsum(-1)
    wanted = levels.expand(*below.shape[:-1], -1).contiguous()
    # Rounding leaves the sum a little off one.
    found = torch.searchsorted(below / below[..., -1:], wanted)
    return ordered[found]


def even_quantiles(logps: Tensor, values: Tensor, count: int) -> Tensor:
    """The values at levels (k + 0.5) / count: each stands for the same share of probability.

    For two distributions, matching the k-th of both moves one into the other at the least total
    distance along the values: optimal transport in one dimension (Computational Optimal Transport,
    arXiv 1803.00567). Shapes: (..., responses), (responses,) -> (..., count), ascending.
    """
    levels = (torch.arange(count, dtype=torch.float64) + 0.5) / count
    return quantiles(logps, values, levels)


def mass_above(logps: Tensor, values: Tensor, threshold: float) -> Tensor:
    """P(values > threshold) under exp(logps). Shapes: (..., responses), (responses,) -> (...)."""
    return logps.exp()[..., values > threshold].sum(-1)
