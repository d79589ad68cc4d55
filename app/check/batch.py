"""A batch of pairs with what its run reported."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from app.lab.losses import PairLogps, preference_loss

AT_START = 0.01
"""nats: log-ratios that are on average smaller belong to a policy that equals the reference"""


@dataclass(frozen=True)
class ReportedBatch:
    """A batch with the losses that its run reported. Shapes: (pairs,)."""

    pairs: PairLogps
    loss_type: str
    beta: float
    losses: Tensor | None = None
    """the losses that the trainer reported"""
    steps: Tensor | None = None
    """gradient steps before each pair"""

    def losses_at(self, beta: float) -> Tensor:
        """The loss of each pair at some beta. Shape: (pairs,)."""
        return preference_loss(self.loss_type, self.pairs, beta)

    def log_ratio(self, rows: Tensor | None = None) -> float:
        """Mean absolute log-ratio, nats."""
        ratios = torch.stack([self.pairs.chosen, self.pairs.rejected]).abs()
        return float((ratios if rows is None else ratios[:, rows]).mean())

    def first_rows(self) -> Tensor | None:
        """Which pairs were logged at step 0; all, if the policy still equals the reference."""
        if self.steps is not None and bool((self.steps == 0).any()):
            return self.steps == 0
        if self.log_ratio() <= AT_START:
            return torch.ones(len(self.pairs.chosen), dtype=torch.bool)
        return None


def at_the_start(pairs: PairLogps) -> PairLogps:
    """The same pairs under a policy that equals the reference."""
    return replace(
        pairs, policy_chosen=pairs.reference_chosen, policy_rejected=pairs.reference_rejected
    )
