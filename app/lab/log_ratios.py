"""Losses of pairs that are given by their log-ratios, as numbers in and numbers out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor

from app.lab.losses import LossParams, PairLogps, preference_loss

OneOrEach = float | Sequence[float]
"""one number for all pairs, or one for each"""


@dataclass(frozen=True)
class LossOfRatios:
    """A loss of the family, and what it depends on besides log-ratios.

    Log-probabilities in nats, lengths in tokens.
    """

    loss_type: str
    label_smoothing: float = 0.0
    beta: OneOrEach = 0.1
    reference_chosen: OneOrEach = 0.0
    reference_rejected: OneOrEach = 0.0
    chosen_lengths: OneOrEach = 1.0
    rejected_lengths: OneOrEach = 1.0

    def losses(self, chosen: Sequence[float], rejected: OneOrEach) -> list[float]:
        """Loss of each pair with these log-ratios, in nats. Raises as ``preference_loss``."""
        with torch.no_grad():
            found: list[float] = self._losses(_column(chosen), _column(rejected)).tolist()
        return found

    def losses_and_slopes(
        self, chosen: Sequence[float], rejected: Sequence[float]
    ) -> tuple[list[float], list[float], list[float]]:
        """The same, with the derivatives by both log-ratios, by autograd."""
        one, other = _column(chosen).requires_grad_(), _column(rejected).requires_grad_()
        losses = self._losses(one, other)
        # No pair's loss depends on another's log-ratios, so the gradient of the sum is that of each.
        slopes = torch.autograd.grad(losses.sum(), [one, other])
        return losses.tolist(), slopes[0].tolist(), slopes[1].tolist()

    def _losses(self, chosen: Tensor, rejected: Tensor) -> Tensor:
        """Shapes: (pairs,), (pairs,) or () -> (pairs,)."""
        reference = _column(self.reference_chosen), _column(self.reference_rejected)
        pairs = PairLogps(
            reference[0] + chosen,
            reference[1] + rejected,
            *reference,
            _column(self.chosen_lengths),
            _column(self.rejected_lengths),
            LossParams(label_smoothing=self.label_smoothing),
        )
        # A tensor of one beta per pair broadcasts too.
        return preference_loss(self.loss_type, pairs, cast("float", _column(self.beta)))


def sigma(margin: float) -> float:
    """sigma(margin), which keeps its digits on both sides."""
    if margin < 0:
        return math.exp(margin) / (1 + math.exp(margin))
    return 1 / (1 + math.exp(-margin))


def _column(values: OneOrEach) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)
