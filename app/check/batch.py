"""A batch of pairs with what its run reported."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from app.check.settings import RunSettings
from app.check.tables import LogpsTable
from app.lab.losses import PairLogps
from app.lab.more_losses import ALL_THAT_NEED_LENGTHS, logged_loss

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
        """The loss of each pair at some beta, as trainers log it. Shape: (pairs,)."""
        return logged_loss(self.loss_type, self.pairs, beta)

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


def batch_of(table: LogpsTable, settings: RunSettings) -> ReportedBatch:
    """The pairs of a table, under the loss of their run."""
    columns = {
        name: torch.tensor(values, dtype=torch.float64) for name, values in table.columns.items()
    }
    lengths = columns.get("chosen_lengths"), columns.get("rejected_lengths")
    pairs = PairLogps(
        columns["policy_chosen_logps"],
        columns["policy_rejected_logps"],
        columns["reference_chosen_logps"],
        columns["reference_rejected_logps"],
        *lengths,
        settings.loss_params,
    )
    # A loss that cannot be computed cannot be compared with what was reported.
    computable = lengths[0] is not None or settings.loss_type not in ALL_THAT_NEED_LENGTHS
    return ReportedBatch(
        pairs,
        settings.loss_type if computable else "sigmoid",
        settings.beta,
        columns.get("loss") if computable else None,
        columns.get("step"),
    )
