"""What the log of a trainer shows."""

from __future__ import annotations

from app.check.findings.logs.beginning import step_zero
from app.check.findings.logs.course import displacement, saturated, suppression
from app.check.findings.logs.health import diverging, equal_sides, few_pairs, not_finite
from app.check.findings.logs.losses import other_loss
from app.check.findings.logs.movement import not_moved
from app.check.findings.logs.reference import reference_missing, swapped, swapped_in_one
from app.check.findings.logs.sums import implausible_sums, length, mean_not_sum, prompt_counted
from app.check.findings.logs.twice import beta_twice
from app.check.findings.rule import Look
from app.check.report import Finding
from app.check.settings import RunSettings
from app.check.tables import TrainingLog

LogFinding = Look[[TrainingLog, RunSettings]]

LOG_FINDINGS: tuple[LogFinding, ...] = (
    not_finite,
    reference_missing,
    swapped,
    swapped_in_one,
    prompt_counted,
    equal_sides,
    mean_not_sum,
    implausible_sums,
    step_zero,
    not_moved,
    beta_twice,
    other_loss,
    diverging,
    displacement,
    suppression,
    saturated,
    length,
    few_pairs,
)
"""in the order in which they are told: what spoils all other numbers comes first"""


def log_findings(log: TrainingLog, settings: RunSettings) -> tuple[Finding, ...]:
    """What every finding says of a log."""
    return tuple(look(log, settings) for look in LOG_FINDINGS)
