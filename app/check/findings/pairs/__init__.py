"""What can go wrong in a batch of log-probabilities of pairs."""

from __future__ import annotations

from collections.abc import Callable

from app.check.batch import ReportedBatch
from app.check.findings.pairs.beginning import step_zero
from app.check.findings.pairs.losses import beta_twice, other_loss
from app.check.findings.pairs.sums import mean_not_sum
from app.check.findings.pairs.swaps import swapped
from app.check.report import Finding

PairFinding = Callable[[ReportedBatch], Finding]

PAIR_FINDINGS: tuple[PairFinding, ...] = (mean_not_sum, swapped, beta_twice, step_zero, other_loss)
"""in the order in which they are told"""


def pair_findings(batch: ReportedBatch) -> tuple[Finding, ...]:
    """What every finding says of a batch."""
    return tuple(look(batch) for look in PAIR_FINDINGS)
