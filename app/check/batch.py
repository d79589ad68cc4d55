"""A batch of pairs with what its run reported."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from app.check.losses import computable, losses_of, rewards_of
from app.check.settings import RunSettings
from app.check.tables import LOGPS, LogpsTable
from app.lab.losses import PairLogps

AT_START = 0.01
"""nats: log-ratios that are on average smaller belong to a policy that equals the reference"""

TYPICAL_COST = 1.3
"""nats for a token, by which tokens are counted where the file has no lengths"""


@dataclass(frozen=True)
class NotFinite:
    """The cells of a column that are NaN or infinite."""

    column: str
    cells: int
    line: int
    """of the first, in the file"""
    step: float | None
    """of the first, if the file has steps"""


@dataclass(frozen=True)
class ReportedBatch:
    """A batch with the losses that its run reported. Shapes: (pairs,)."""

    pairs: PairLogps
    settings: RunSettings
    losses: Tensor | None = None
    """the losses that the trainer reported"""
    steps: Tensor | None = None
    """gradient steps before each pair"""
    has_reference: bool = True
    """the file has log-probabilities under a reference; else they are 0 here"""
    not_finite: tuple[NotFinite, ...] = ()
    """what was left out"""

    def __len__(self) -> int:
        return len(self.pairs.policy_chosen)

    @property
    def loss_name(self) -> str:
        """The loss of the run, or its losses."""
        return " + ".join(self.settings.loss_types) or self.settings.loss_type

    @property
    def beta_text(self) -> str:
        """Beta as messages have it."""
        assumed = " (assumed)" if "beta" in self.settings.assumed else ""
        return f"β = {self.settings.beta:g}{assumed}"

    @property
    def lengths(self) -> tuple[Tensor, Tensor] | None:
        """Both lengths, if the file has them."""
        chosen, rejected = self.pairs.chosen_lengths, self.pairs.rejected_lengths
        return None if chosen is None or rejected is None else (chosen, rejected)

    @property
    def computable(self) -> bool:
        """Whether the file has what the loss reads."""
        return all(
            computable(
                loss.loss_type, lengths=self.lengths is not None, reference=self.has_reference
            )
            for loss in self.settings.losses
        )

    def under(self, **changed: object) -> ReportedBatch:
        """The same batch under other settings."""
        return replace(self, settings=replace(self.settings, **changed))  # type: ignore[arg-type]

    def computed(self) -> Tensor:
        """The loss of each pair under the settings, as trainers log it. Shape: (pairs,)."""
        return losses_of(self.pairs, self.settings)

    def margins(self) -> Tensor:
        """The reward of each chosen response less that of the rejected one. Shape: (pairs,)."""
        chosen, rejected = rewards_of(self.pairs, self.settings)
        return chosen - rejected

    def only(self, rows: Tensor) -> ReportedBatch:
        """Some of the pairs. Shape: (pairs,), bool."""
        pairs = self.pairs
        chosen_lengths, rejected_lengths = (
            (None, None) if self.lengths is None else (column[rows] for column in self.lengths)
        )
        return replace(
            self,
            pairs=PairLogps(
                pairs.policy_chosen[rows],
                pairs.policy_rejected[rows],
                pairs.reference_chosen[rows],
                pairs.reference_rejected[rows],
                chosen_lengths,
                rejected_lengths,
            ),
            losses=None if self.losses is None else self.losses[rows],
            steps=None if self.steps is None else self.steps[rows],
        )

    def log_ratio(self) -> float:
        """Mean absolute log-ratio, nats."""
        return float(torch.cat([self.pairs.chosen, self.pairs.rejected]).abs().mean())

    def tokens(self) -> float:
        """How many tokens a typical response has; without lengths from what text costs."""
        if self.lengths is not None:
            return float(torch.cat(self.lengths).median())
        costs = -torch.cat([self.pairs.policy_chosen, self.pairs.policy_rejected])
        return max(1.0, float(costs.median()) / TYPICAL_COST)

    def at_step_0(self) -> ReportedBatch | None:
        """The pairs of step 0; all, if no step is given and the policy still equals the reference."""
        if self.steps is not None:
            first = self.steps == 0
            return self.only(first) if bool(first.any()) else None
        return self if self.log_ratio() <= AT_START else None

    def trained(self) -> ReportedBatch | None:
        """The pairs of the later half of the steps, without step 0; None if there are none."""
        if self.steps is None:
            return self if self.at_step_0() is None else None
        late = (self.steps > 0) & (self.steps >= self.steps.max() / 2)
        return self.only(late) if bool(late.any()) else None


def at_the_start(pairs: PairLogps) -> PairLogps:
    """The same pairs under a policy that equals the reference."""
    return replace(
        pairs, policy_chosen=pairs.reference_chosen, policy_rejected=pairs.reference_rejected
    )


def batch_of(table: LogpsTable, settings: RunSettings) -> ReportedBatch:
    """The pairs of a table, under the loss of their run; those with NaN or infinity are left out."""
    columns = {
        name: torch.tensor(values, dtype=torch.float64) for name, values in table.columns.items()
    }
    # A column of losses without any that is finite says nothing, but its pairs may.
    read = {
        name: values for name, values in columns.items() if name in LOGPS or values.isfinite().any()
    }
    whole = torch.ones_like(columns[LOGPS[0]], dtype=torch.bool)
    for values in read.values():
        whole &= values.isfinite()
    kept = {name: values[whole] for name, values in read.items()}
    none = torch.zeros_like(kept[LOGPS[0]])
    policy_chosen, policy_rejected, reference_chosen, reference_rejected = (
        kept.get(name, none) for name in LOGPS
    )
    pairs = PairLogps(
        policy_chosen,
        policy_rejected,
        reference_chosen,
        reference_rejected,
        kept.get("chosen_lengths"),
        kept.get("rejected_lengths"),
        settings.loss_params,
    )
    return ReportedBatch(
        pairs,
        settings,
        kept.get("loss"),
        kept.get("step"),
        has_reference=all(name in kept for name in LOGPS),
        not_finite=tuple(_not_finite(columns, table)),
    )


def _not_finite(columns: dict[str, Tensor], table: LogpsTable) -> list[NotFinite]:
    steps = table.columns.get("step")
    faults = []
    for name, values in columns.items():
        faulty = [n for n, value in enumerate(values.tolist()) if not math.isfinite(value)]
        if faulty:
            first = faulty[0]
            step = None if steps is None else steps[first]
            faults.append(NotFinite(name, len(faulty), table.lines[first], step))
    return faults
