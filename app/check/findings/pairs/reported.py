"""The losses that a run reported, and whether some others are the same but for rounding."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from app.check.batch import ReportedBatch

NATS, SHARE = 0.002, 0.01
"""losses that differ by no more than both are equal: trainers log few digits, or compute in bfloat16"""


@dataclass(frozen=True)
class ReportedLosses:
    """Losses of single pairs, or means over the pairs that share one."""

    values: Tensor
    """shape: (groups,)"""
    group: Tensor | None
    """the group of each pair; None if each is one of its own. Shape: (pairs,)"""

    @classmethod
    def of(cls, batch: ReportedBatch) -> ReportedLosses | None:
        """Of a batch, if it reports any.

        Trainers often log one mean for a batch: where more than half of the values occur more
        than once, pairs of a step that report the same are one group.
        """
        reported = batch.losses
        if reported is None:
            return None
        if len(torch.unique(reported)) > len(reported) / 2:
            return cls(reported, None)
        steps = torch.zeros_like(reported) if batch.steps is None else batch.steps
        numbers: dict[tuple[float, float], int] = {}
        group = torch.tensor(
            [
                numbers.setdefault(key, len(numbers))
                for key in zip(reported.tolist(), steps.tolist(), strict=True)
            ]
        )
        return cls(_means(reported, group), group)

    @property
    def of_single_pairs(self) -> bool:
        """Whether each pair has a loss of its own."""
        return self.group is None

    def agree(self, losses: Tensor) -> bool:
        """Whether losses of pairs are those reported. Shape: (pairs,)."""
        return _near(self.means(losses), self.values)

    def tell_apart(self, one: Tensor, other: Tensor) -> bool:
        """Whether the two would be reported differently. Shapes: (pairs,)."""
        return not _near(self.means(one), self.means(other))

    def distance(self, losses: Tensor) -> float:
        """How far losses of pairs are from those reported, on average. Shape: (pairs,)."""
        return float((self.means(losses) - self.values).abs().mean())

    def means(self, values: Tensor) -> Tensor:
        """Means over groups. Shapes: (pairs,) -> (groups,)."""
        return values if self.group is None else _means(values, self.group)


def _means(values: Tensor, group: Tensor) -> Tensor:
    return torch.bincount(group, weights=values) / torch.bincount(group)


def _near(one: Tensor, other: Tensor) -> bool:
    size = torch.maximum(one.abs(), other.abs()).mean()
    apart = (one - other).abs().mean()
    # A mean of huge losses may overflow, and infinity equals infinity.
    return bool(apart.isfinite()) and bool(apart <= NATS + SHARE * size)
